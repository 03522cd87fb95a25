"""Which clauses a run will check, which not and why, and how long it takes."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

import conformance.runner
from conformance.contract.requirements import load
from conformance.target.keys import Role
from conformance.wacrm.system import SYSTEM
from harness.doctor.checks import KINDS, by_clause, read
from harness.doctor.line import note, ok

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from conformance.target.target import Target
    from harness.doctor.checks import Check
    from harness.doctor.line import Line

CLAUSES, DURATION = "clauses", "duration"
REQUESTS = 16_000
"""Of a whole gate on the reference (15,985 on 2026-11-29)."""
WAITS = 180.0
"""Seconds of a whole gate in which it waits for windows and for what must not happen."""
OVERHEAD = 0.01
"""Seconds that the harness itself spends on a request."""

NEEDS_META = ("meta", "mock_meta", "sends", "hears", "MSG", "BCAST", "CONV", "META")
"""Fixtures and groups of clauses that need mock Meta."""
NEEDS = {
    "messages": ("sends", "MSG"), "broadcasts": ("BCAST",), "webhooks": ("receiver", "HOOK"),
    "inbound": ("hears", "start_customer"),
}  # fmt: skip
"""By capability, the fixtures and groups of clauses that need it."""


def planned(target: Target, unreached: Mapping[str, str], answer_seconds: float) -> Iterator[Line]:
    """What a run will check. `unreached`: by fixture, the wire that is broken and that its checks need."""
    lacking, checks = absent(target), _checks()
    unchecked = _without(checks, lacking)
    checked = {clause: of for clause, of in checks.items() if clause not in unchecked}
    yield ok(CLAUSES, f"{len(checked)} of {len(checks)} will be checked")
    for reason, clauses in _by_reason(unchecked).items():
        yield note(CLAUSES, f"not checked, since {reason}: {', '.join(clauses)}")
    if partly := [clause for clause, of in checked.items() if any(_first(check, lacking) for check in of)]:
        yield note(CLAUSES, f"checked in part, for such reasons: {', '.join(partly)}")
    for wire, clauses in _by_reason(_without(checked, unreached)).items():
        yield note(CLAUSES, f"hardly a verdict until the {wire} is mended: {', '.join(clauses)}")
    yield ok(DURATION, _duration(target, len(checked) / len(checks), answer_seconds))


def absent(target: Target) -> dict[str, str]:
    """By fixture, role of keys or group of clauses, why the target file has none of it."""
    found = {}
    if target.meta is None:
        found = dict.fromkeys(NEEDS_META, "the target file has no [meta]")
    if target.receiver is None:
        found["receiver"] = "the target file has no [receiver]"
    for capability, names in NEEDS.items():
        if not getattr(target.capabilities, capability):
            found |= dict.fromkeys(names, f"capabilities.{capability} is false")
    given = {key.role.partition(":")[0] for key in target.keys.flat()}
    return found | {role: f"keys.{role} is not given" for role in (*Role, *KINDS) if role not in given}


def _checks() -> dict[str, list[Check]]:
    runner = Path(next(iter(conformance.runner.__path__)))
    fixtures = [runner / "fixtures.py", SYSTEM.folder / "fixtures.py", SYSTEM.checks / "conftest.py"]
    found = by_clause(read(SYSTEM.checks, fixtures))
    return {clause: found[clause] for clause in load(SYSTEM.requirements) if clause in found}


def _without(checks: Mapping[str, list[Check]], lacking: Mapping[str, str]) -> dict[str, str]:
    """The clauses of which no check can be made, and why."""
    reasons = {clause: _reason(clause, of, lacking) for clause, of in checks.items()}
    return {clause: reason for clause, reason in reasons.items() if reason}


def _reason(clause: str, checks: list[Check], lacking: Mapping[str, str]) -> str:
    """Why none of the clause's checks can be made; empty when one can."""
    group = lacking.get(clause.partition("-")[0], "")
    reasons = [group or _first(check, lacking) for check in checks]
    return reasons[0] if all(reasons) else ""


def _first(check: Check, lacking: Mapping[str, str]) -> str:
    return next((reason for name, reason in lacking.items() if name in check.needs), "")


def _by_reason(unchecked: Mapping[str, str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for clause, reason in unchecked.items():
        found[reason].append(clause)
    return found


def _duration(target: Target, share: float, answer_seconds: float) -> str:
    """From the pace of the deployment or of its limiter, whichever is slower."""
    answered, limited = answer_seconds + OVERHEAD, target.target.window / (target.target.limit * len(target.keys.full))
    minutes = max(1, round(share * (WAITS + REQUESTS * max(answered, limited)) / 60))
    hint = "; more keys in keys.full make it shorter" if limited > answered else ""
    return f"about {minutes} minutes for the gate on one process{hint}"
