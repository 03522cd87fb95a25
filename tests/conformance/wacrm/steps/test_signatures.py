"""Verification of X-Wacrm-Signature, against vectors that the reference's tests use too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from conformance.wacrm.steps import signatures
from conformance.wacrm.steps.signatures import Flaw

VECTORS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[4] / "tests" / "signature_vectors.json").read_text(encoding="utf-8")
)["vectors"]


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["name"] for vector in VECTORS])
def test_vectors(vector: dict[str, Any]) -> None:
    raw = vector["body"].encode()
    found = signatures.flaw(vector["header"], vector["secret"], raw, vector["now"], vector["tolerance"])
    assert found == (None if vector["flaw"] is None else Flaw[vector["flaw"]])


def test_every_flaw_has_a_vector() -> None:
    assert {vector["flaw"] for vector in VECTORS} == {None, *Flaw.__members__}


def test_digest_is_the_documented_hmac() -> None:
    """openssl: printf '1.{}' | openssl dgst -sha256 -hmac whsec_x"""
    assert signatures.digest("whsec_x", 1, b"{}") == "36ee2f7498f0c1777d1312b2a7361947fe5ad31223be30d0c62421f4ca753401"
