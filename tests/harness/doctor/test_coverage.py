"""Which clauses a run will check, told from the target file alone."""

from __future__ import annotations

from typing import Any

from conformance.target.target import Target
from harness.doctor.coverage import planned

BARE: dict[str, Any] = {"target": {"base_url": "http://127.0.0.1:1"}, "keys": {"full": ["a"]}}
META = {"control": "c", "phone_number_id": "1", "waba_id": "2", "app_secret": "s", "verify_token": "v"}


def told(unreached: dict[str, str] | None = None, **sections: Any) -> str:
    lines = planned(Target.model_validate({**BARE, **sections}), unreached or {}, 0.01)
    return "\n".join(line.text for line in lines)


def test_without_meta_nothing_that_sends_or_hears_is_checked() -> None:
    (reason,) = [row for row in told().splitlines() if "no [meta]" in row]
    assert all(clause in reason for clause in ("MSG-01", "BCAST-01", "CONV-01", "META-01"))
    assert "CONT-01" not in told()


def test_a_capability_that_the_deployment_lacks_is_the_reason() -> None:
    printed = told(meta=META, capabilities={"broadcasts": False})
    assert "capabilities.broadcasts is false: BCAST-01" in printed
    assert "no [receiver]: " in printed


def test_a_broken_wire_leaves_its_clauses_hardly_a_verdict() -> None:
    printed = told({"receiver": "receiver"}, meta=META, receiver={})
    (row,) = [row for row in printed.splitlines() if row.startswith("hardly a verdict until the receiver is mended:")]
    assert "HOOK-05" in row
    assert "MSG-01" not in row


def test_more_keys_make_it_shorter_where_the_limiter_sets_the_pace() -> None:
    assert "more keys in keys.full" in told()
    assert "more keys in keys.full" not in told(keys={"full": [f"k{i}" for i in range(200)]})
