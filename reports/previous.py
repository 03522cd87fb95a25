"""An earlier run's verdicts by check, from its results.json or from the checks.jsonl of a run that was cut off."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reports.results import Verdict

if TYPE_CHECKING:
    from pathlib import Path

RED = frozenset({Verdict.FAIL, Verdict.ERROR, Verdict.NO_VERDICT})
OPEN = frozenset({Verdict.ERROR, Verdict.NO_VERDICT})


class PreviousError(Exception):
    """The file is no earlier run's. The message names it."""


@dataclass(frozen=True)
class Previous:
    """`whole`: every check of that run is in `verdicts`, with a verdict or without; otherwise those that had ended."""

    verdicts: dict[str, Verdict]
    seed: int | None
    whole: bool

    @property
    def red(self) -> frozenset[str]:
        return frozenset(name for name, verdict in self.verdicts.items() if verdict in RED)

    def is_open(self, check: str) -> bool:
        """Whether nothing is known about the check."""
        return self.verdicts.get(check, Verdict.PASS if self.whole else Verdict.NO_VERDICT) in OPEN


def read(path: Path) -> Previous:
    """Raises `PreviousError`."""
    try:
        text = path.read_text(encoding="utf-8")
        return _lines(text) if path.suffix == ".jsonl" else _results(json.loads(text))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PreviousError(f"{path}: no results.json or checks.jsonl of a run ({error})") from None


def _results(data: Any) -> Previous:  # noqa: ANN401 - JSON
    checks = [check for clause in data["clauses"] for check in clause["checks"]]
    return Previous({check["name"]: Verdict(check["verdict"]) for check in checks}, int(data["seed"]), whole=True)


def _lines(text: str) -> Previous:
    """The last whole line of a check counts; a run that was killed may have left half a line at the end."""
    checks = [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]
    seed = next((check["seed"] for check in checks), None)
    return Previous({check["check"]: Verdict(check["verdict"]) for check in checks}, seed, whole=False)
