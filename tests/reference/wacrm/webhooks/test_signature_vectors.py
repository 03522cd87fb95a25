"""The reference signs as the vectors say that the judge verifies."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.reference.wacrm.conftest import Deployment

VECTORS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[4] / "tests" / "signature_vectors.json").read_text(encoding="utf-8")
)["vectors"]
SIGNED = [vector for vector in VECTORS if vector["flaw"] is None]
PLAIN = [vector for vector in SIGNED if vector["header"].count(",") == 1 and " " not in vector["header"]]


@pytest.mark.parametrize("vector", PLAIN, ids=[vector["name"] for vector in PLAIN])
def test_signatures_are_those_of_the_vectors(wacrm: Deployment, vector: dict[str, Any]) -> None:
    at = int(vector["header"].split(",")[0].removeprefix("t="))
    signed = wacrm.wacrm.dispatcher.signature(vector["secret"], at, vector["body"].encode())
    assert signed == vector["header"]
