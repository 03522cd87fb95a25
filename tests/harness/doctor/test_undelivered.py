"""Why a delivery did not come."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.target.target import Receiver
from harness.doctor import undelivered
from harness.doctor.undelivered import INTERNAL, NEW_CA, reasons

if TYPE_CHECKING:
    import pytest

TRUSTED = Receiver(ca="ca.pem")


def test_a_name_that_does_not_resolve_is_the_only_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(undelivered, "addresses", lambda _origin: [])
    assert reasons("https://hooks.invalid", TRUSTED, has_failed=True) == [
        "hooks.invalid does not resolve here: correct receiver.origin."
    ]


def test_a_ca_of_one_run_comes_before_the_guard_against_internal_addresses() -> None:
    assert reasons("https://127.0.0.1:1", Receiver(), has_failed=True) == [NEW_CA, INTERNAL]


def test_a_deployment_that_tried_may_not_trust_the_ca() -> None:
    assert "trust ca.pem" in reasons("https://203.0.113.10:1", TRUSTED, has_failed=True)[0]


def test_a_deployment_that_did_not_try_may_be_late() -> None:
    (only,) = reasons("https://203.0.113.10:1", TRUSTED, has_failed=False)
    assert "target.patience" in only
