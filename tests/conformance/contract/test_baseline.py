from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pytest

from conformance.contract import requirements
from conformance.contract.baseline import Accepted, Baseline, BaselineError, Outcome, load, written
from conformance.wacrm.system import SYSTEM
from reports.results import Verdict

if TYPE_CHECKING:
    from pathlib import Path

TODAY = date(2026, 11, 20)
ENTRY = '[[accepted]]\nclause = "PAGE-07"\nreason = "x"\n'


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
        (
            f"\n{ENTRY}expires = 2027-01-01T00:00:00Z",
            r"b.toml:2: accepted 1: expires must be a date \(2027-01-31\), not 2027",
        ),
        (f"{ENTRY}expires = 2027-01-01T00:00:00", "b.toml:1: accepted 1: expires must be a date"),
        ("# a comment\n[[acepted]]\n", r"b.toml:2: acepted: unknown; did you mean \[\[accepted\]\]\?"),
        ("x = 1", "b.toml:1: x: unknown"),
        ("accepted = 5", "b.toml:1: accepted: write each entry as a table"),
        ("\naccepted = [5]", "b.toml:2: accepted: write each entry as a table"),
        (
            '[[accepted]]\nclause = ["x"]\nreason = "x"\nexpires = 2027-01-01',
            r"b.toml:1: accepted 1: clause must be a text",
        ),
        (f'{ENTRY}expires = 2027-01-01\nverdict = "pass"', "verdict must be one of fail, no-verdict"),
        ('[[accepted]]\nreason = "x"\nexpires = 2027-01-01', "needs exactly clause"),
    ],
)
def test_a_bad_entry_is_named(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "b.toml"
    path.write_text(text)
    with pytest.raises(BaselineError, match=said):
        load(path, requirements.load(SYSTEM.requirements))


OUTCOME = Outcome("ENV-01", "test_env.py::test_x[a]", Verdict.FAIL, "GET /contacts/12")


@pytest.mark.parametrize(
    ("entry", "accepts"),
    [
        (Accepted("", "known", TODAY, check="test_env.py::test_x[a]"), True),
        (Accepted("", "known", TODAY, check="test_env.py::test_x[b]"), False),
        (Accepted("ENV-01", "known", TODAY, operation="GET /contacts/{id}"), True),
        (Accepted("ENV-02", "known", TODAY, operation="GET /contacts/{id}"), False),
        (Accepted("", "known", TODAY, operation="GET /contacts"), False),
        (Accepted("", "known", TODAY, operation="GET /conversations/{id}/messages"), False),
        (Accepted("ENV-01", "known", TODAY, verdict=Verdict.NO_VERDICT), False),
    ],
)
def test_an_entry_accepts_what_all_its_names_fit(entry: Accepted, accepts: bool) -> None:  # noqa: FBT001
    assert (Baseline([entry], TODAY).accepting(OUTCOME) is entry) is accepts


def test_what_stayed_without_verdict_is_accepted_by_an_entry_for_it() -> None:
    entry = Accepted("ENV-01", "known", TODAY, verdict=Verdict.NO_VERDICT)
    assert Baseline([entry], TODAY).accepting(replace(OUTCOME, verdict=Verdict.NO_VERDICT)) is entry


@pytest.mark.parametrize(
    ("verdicts", "stale"),
    [
        ([Verdict.PASS], True),
        ([Verdict.PASS, Verdict.SKIP], True),
        ([], False),
        ([Verdict.SKIP], False),
        ([Verdict.PASS, Verdict.NO_VERDICT], False),
        ([Verdict.PASS, Verdict.ERROR], False),
    ],
)
def test_an_entry_is_stale_when_its_finding_no_longer_shows(verdicts: list[Verdict], stale: bool) -> None:  # noqa: FBT001
    baseline = accepting("ENV-01", TODAY)
    assert bool(baseline.stale([replace(OUTCOME, verdict=verdict) for verdict in verdicts])) is stale


def test_an_entry_of_which_something_shows_is_not_stale() -> None:
    baseline = accepting("ENV-01", TODAY)
    baseline.accepting(OUTCOME)
    assert baseline.stale([OUTCOME, replace(OUTCOME, verdict=Verdict.PASS)]) == []


def test_what_is_written_is_a_baseline(tmp_path: Path) -> None:
    path = tmp_path / "b.toml"
    found = [
        replace(OUTCOME, clause="PAGE-07", reason='expected "a"\nactual b'),
        replace(OUTCOME, verdict=Verdict.PASS),
    ]
    path.write_text(written(found, TODAY))
    baseline = load(path, requirements.load(SYSTEM.requirements))
    assert baseline.accepting(found[0]) is not None
    assert [entry.expires for entry in baseline.entries] == [date(2026, 12, 20)]
