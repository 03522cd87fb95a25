from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from conformance.contract import requirements
from conformance.contract.baseline import Accepted, Baseline, BaselineError, load
from conformance.wacrm.system import SYSTEM
from reports.results import Verdict

if TYPE_CHECKING:
    from pathlib import Path

TODAY = date(2026, 11, 20)


def accepting(clause: str, expires: date) -> Baseline:
    return Baseline([Accepted(clause, "known", expires)], TODAY)


def test_a_failure_is_accepted_until_its_expiry() -> None:
    assert accepting("PAGE-07", TODAY).apply("PAGE-07", Verdict.FAIL) is Verdict.ACCEPTED
    assert accepting("PAGE-07", date(2026, 11, 19)).apply("PAGE-07", Verdict.FAIL) is Verdict.FAIL


def test_only_failures_of_the_named_clause_are_accepted() -> None:
    assert accepting("PAGE-07", TODAY).apply("PAGE-06", Verdict.FAIL) is Verdict.FAIL
    assert accepting("PAGE-07", TODAY).apply("PAGE-07", Verdict.NO_VERDICT) is Verdict.NO_VERDICT


def test_expired_and_needless_entries_are_named() -> None:
    assert "expired" in accepting("PAGE-07", date(2026, 1, 1)).notes()[0]
    assert "was not needed" in accepting("PAGE-07", TODAY).notes()[0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[[accepted]]\nclause = "PAGE-99"\nreason = "x"\nexpires = 2027-01-01', "no clause 'PAGE-99'"),
        ('[[accepted]]\nclause = "PAGE-07"\nreason = "x"', "exactly clause, reason and expires"),
        ('[[accepted]]\nclause = "PAGE-07"\nreason = "x"\nexpires = "soon"', "expires must be a date"),
        ("[[accepted", "cannot be read"),
    ],
)
def test_a_bad_entry_is_named(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "baseline.toml"
    path.write_text(text)
    with pytest.raises(BaselineError, match=said):
        load(path, requirements.load(SYSTEM.requirements))
