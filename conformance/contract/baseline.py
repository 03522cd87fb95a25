"""The findings that an operator accepted: clause, reason, expiry. An expired entry accepts nothing and is named."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from reports.results import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from conformance.contract.requirements import Requirement

MEMBERS = {"clause", "reason", "expires"}


class BaselineError(Exception):
    """The baseline file cannot be used. The message names the entry."""


@dataclass(frozen=True)
class Accepted:
    clause: str
    reason: str
    expires: date


@dataclass
class Baseline:
    """What is accepted today. `used` gathers the clauses whose findings were accepted."""

    entries: list[Accepted]
    today: date = field(default_factory=lambda: datetime.now(UTC).date())
    used: set[str] = field(default_factory=set)

    def apply(self, clause: str, verdict: Verdict) -> Verdict:
        """`fail` becomes `accepted` when an entry that has not expired names the clause."""
        if verdict is Verdict.FAIL and any(e.clause == clause and e.expires >= self.today for e in self.entries):
            self.used.add(clause)
            return Verdict.ACCEPTED
        return verdict

    def notes(self) -> list[str]:
        """One line per entry that is expired or was not needed."""
        found = []
        for entry in self.entries:
            if entry.expires < self.today:
                found.append(f"baseline: {entry.clause} expired on {entry.expires} ({entry.reason})")
            elif entry.clause in self.used:
                found.append(f"baseline: {entry.clause} accepted until {entry.expires} ({entry.reason})")
            else:
                found.append(f"baseline: {entry.clause} was not needed ({entry.reason})")
        return found


def load(path: Path | None, requirements: Mapping[str, Requirement]) -> Baseline:
    """`[[accepted]]` tables with clause, reason, expires (a date). Raises `BaselineError`."""
    if path is None:
        return Baseline([])
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BaselineError(f"{path}: cannot be read: {error}") from None
    entries = raw.get("accepted", [])
    return Baseline([_entry(entry, f"{path}: accepted {n}", requirements) for n, entry in enumerate(entries, 1)])


def _entry(raw: Any, where: str, requirements: Mapping[str, Requirement]) -> Accepted:  # noqa: ANN401 - TOML
    if not isinstance(raw, dict) or set(raw) != MEMBERS:
        raise BaselineError(f"{where}: needs exactly clause, reason and expires")
    if raw["clause"] not in requirements:
        raise BaselineError(f"{where}: there is no clause {raw['clause']!r}")
    if not isinstance(raw["expires"], date) or not str(raw["reason"]).strip():
        raise BaselineError(f"{where}: expires must be a date (2027-01-31) and reason a sentence")
    return Accepted(raw["clause"], str(raw["reason"]), raw["expires"])
