"""AUTH: who is calling."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance import expect
from conformance.expect import requirement

if TYPE_CHECKING:
    from conformance.probe import Api


@requirement("AUTH-07")
def test_me_smoke(api: Api) -> None:
    expect.record(api.get("/me"), 200)
