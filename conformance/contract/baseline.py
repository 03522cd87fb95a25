"""The findings that an operator accepted, each with a reason and an expiry.

An entry names a clause, a check or an operation, or several of them, which must then all fit. An expired entry accepts
nothing and is named; one whose finding no longer shows fails the run.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import tomli_w

from reports.results import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from conformance.contract.requirements import Requirement

SUBJECTS = ("clause", "check", "operation")
MEMBERS = (*SUBJECTS, "reason", "expires", "verdict")
CAN_BE_ACCEPTED = (Verdict.FAIL, Verdict.NO_VERDICT)
FIRST_EXPIRY = timedelta(days=30)
"""From a baseline's writing to the expiry of its entries."""


class BaselineError(Exception):
    """The baseline file cannot be used. The message names the line and the entry."""


@dataclass(frozen=True)
class Outcome:
    """A check that ended: what an entry is held against. `operation` is `GET /contacts/123`, empty when none decided."""

    clause: str
    check: str
    verdict: Verdict
    operation: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Accepted:
    clause: str
    reason: str
    expires: date
    check: str = ""
    operation: str = ""
    verdict: Verdict = Verdict.FAIL

    @property
    def name(self) -> str:
        return " ".join(filter(None, (self.clause, self.check, self.operation)))

    @property
    def said(self) -> str:
        return f"accepted until {self.expires}: {self.reason}"

    def concerns(self, outcome: Outcome) -> bool:
        """Whether the outcome is of the entry's clause and check, whatever the verdict."""
        return self.clause in ("", outcome.clause) and self.check in ("", outcome.check)

    def fits(self, outcome: Outcome) -> bool:
        same_operation = not self.operation or _is_of(outcome.operation, self.operation)
        return self.concerns(outcome) and outcome.verdict is self.verdict and same_operation


@dataclass
class Baseline:
    """What is accepted today. `used` gathers the entries whose findings were accepted."""

    entries: list[Accepted]
    today: date = field(default_factory=lambda: datetime.now(UTC).date())
    used: set[Accepted] = field(default_factory=set)

    def accepting(self, outcome: Outcome) -> Accepted | None:
        """The entry that has not expired and accepts the outcome."""
        for entry in self.entries:
            if entry.expires >= self.today and entry.fits(outcome):
                self.used.add(entry)
                return entry
        return None

    def apply(self, clause: str, verdict: Verdict) -> Verdict:
        """A verdict on a whole clause: `accepted` when an entry accepts it."""
        return Verdict.ACCEPTED if self.accepting(Outcome(clause, "", verdict)) else verdict

    def stale(self, outcomes: Iterable[Outcome]) -> list[Accepted]:
        """Entries whose finding no longer shows: all they concern ended with a verdict, something passed, nothing was
        accepted by them. An entry that names an operation alone concerns every check.
        """
        ended = list(outcomes)
        return [e for e in self.entries if e not in self.used and e.expires >= self.today and _is_gone(e, ended)]

    def notes(self, stale: Iterable[Accepted] = ()) -> list[str]:
        """One line per entry."""
        gone = list(stale)
        return [f"baseline: {entry.name} {self._note(entry, gone)} ({entry.reason})" for entry in self.entries]

    def _note(self, entry: Accepted, gone: list[Accepted]) -> str:
        if entry.expires < self.today:
            return f"expired on {entry.expires}"
        if entry in self.used:
            return f"accepted until {entry.expires}"
        return "no longer shows: remove the entry" if entry in gone else "was not needed"


def _is_gone(entry: Accepted, outcomes: list[Outcome]) -> bool:
    verdicts = {outcome.verdict for outcome in outcomes if entry.concerns(outcome)}
    return Verdict.PASS in verdicts and not verdicts & {Verdict.ERROR, Verdict.NO_VERDICT}


def _is_of(request: str, operation: str) -> bool:
    """Whether `GET /contacts/123` is of `GET /contacts/{id}`."""
    parts = re.split(r"\{[^}]*\}", operation.strip())
    return re.fullmatch("[^/]+".join(map(re.escape, parts)), request) is not None


def load(path: Path | None, requirements: Mapping[str, Requirement]) -> Baseline:
    """`[[accepted]]` tables of `clause`, `check` or `operation` with `reason` and `expires` (a date), and `verdict` for
    another one than `fail`. Raises `BaselineError`.
    """
    if path is None:
        return Baseline([])
    try:
        text = path.read_text(encoding="utf-8")
        raw = tomllib.loads(text)
    except (OSError, ValueError) as error:
        raise BaselineError(f"{path}: cannot be read: {error}") from None
    _only_entries(raw, path, text)
    lines = _lines(text, r"\s*\[\[\s*accepted\s*\]\]")
    places = [f"{path}:{line}: accepted {n}" for n, line in enumerate(lines, 1)]
    return Baseline([_entry(entry, where, requirements) for entry, where in zip(raw["accepted"], places, strict=True)])


def written(outcomes: Iterable[Outcome], today: date) -> str:
    """A baseline that accepts these outcomes for a month, as TOML; their reasons are for a person to replace."""
    rows = [
        {
            "clause": outcome.clause,
            "check": outcome.check,
            "verdict": str(outcome.verdict),
            "reason": outcome.reason or "not said",
            "expires": today + FIRST_EXPIRY,
        }
        for outcome in outcomes
        if outcome.verdict in CAN_BE_ACCEPTED
    ]
    return "\n".join("[[accepted]]\n" + tomli_w.dumps(row) for row in rows)


def _only_entries(raw: dict[str, Any], path: Path, text: str) -> None:
    for name, value in raw.items():
        line = next(iter(_lines(text, rf"""\s*\[*\s*["']?{re.escape(name)}\b""")), 1)
        if name != "accepted":
            close = difflib.get_close_matches(name, ["accepted"], 1)
            hint = "; did you mean [[accepted]]?" if close else "; a baseline has [[accepted]] tables alone"
            raise BaselineError(f"{path}:{line}: {name}: unknown{hint}")
        headers = _lines(text, r"\s*\[\[\s*accepted\s*\]\]")
        if not isinstance(value, list) or len(value) != len(headers):
            raise BaselineError(f"{path}:{line}: accepted: write each entry as a table under [[accepted]]")
    raw.setdefault("accepted", [])


def _lines(text: str, pattern: str) -> list[int]:
    return [number for number, line in enumerate(text.splitlines(), 1) if re.match(pattern, line)]


def _entry(raw: dict[str, Any], where: str, requirements: Mapping[str, Requirement]) -> Accepted:
    if not {"reason", "expires"} <= set(raw) <= set(MEMBERS) or not set(raw) & set(SUBJECTS):
        raise BaselineError(
            f"{where}: needs exactly clause, reason and expires; check or operation may stand with clause or for it, "
            "and verdict for another one than fail"
        )
    for name in (*SUBJECTS, "reason", "verdict"):
        if name in raw and not (isinstance(raw[name], str) and raw[name].strip()):
            raise BaselineError(f"{where}: {name} must be a text, not {raw[name]!r}")
    if "clause" in raw and raw["clause"] not in requirements:
        raise BaselineError(f"{where}: there is no clause {raw['clause']!r}")
    if type(raw["expires"]) is not date:  # a date-time is a date, too
        raise BaselineError(f"{where}: expires must be a date (2027-01-31), not {raw['expires']!s}")
    if raw.get("verdict", Verdict.FAIL) not in CAN_BE_ACCEPTED:
        raise BaselineError(f"{where}: verdict must be one of {', '.join(CAN_BE_ACCEPTED)}, not {raw['verdict']}")
    return Accepted(
        raw.get("clause", ""), raw["reason"], raw["expires"], raw.get("check", ""), raw.get("operation", ""),
        Verdict(raw.get("verdict", Verdict.FAIL)),
    )  # fmt: skip
