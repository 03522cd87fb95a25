from __future__ import annotations

import tracemalloc
from typing import TYPE_CHECKING, Any

import pytest

from loadtests.accounting import reconciliation
from loadtests.accounting.reconciliation import Discrepancy
from loadtests.accounting.records import Records
from loadtests.bench.__main__ import at_meta
from loadtests.users.message_records import Asked, Outcome, Written

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NUMBER = "12025550123"


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    made = Records(tmp_path / "records.sqlite")
    yield made
    made.close()


def asked(nonce: str, outcome: Outcome = Outcome.ACCEPTED, **more: Any) -> tuple[Any, ...]:
    return Asked(
        nonce, more.pop("scenario", "send"), NUMBER, "digest", outcome, more.pop("at", 10.0), f"wamid.{nonce}", **more
    ).row()


def taken(nonce: str, seq: int = 1, *, to: str = NUMBER, digest: str = "digest", accepted: int = 1) -> tuple[Any, ...]:
    return nonce, seq, to, digest, accepted, f"wamid.{nonce}" if accepted else None, 10.1, 10.2


def counts(records: Records, *overloads: tuple[float, float]) -> dict[str, int]:
    return {str(one.kind): one.count for one in reconciliation.at_meta(records, overloads) if one.count}


def test_what_is_right_is_not_mentioned(records: Records) -> None:
    records.add_asked([asked("a"), asked("b", Outcome.REFUSED)])
    records.add_meta([taken("a"), taken("b", accepted=0)])
    assert counts(records) == {}


@pytest.mark.parametrize(
    ("was", "at_meta_", "discrepancy"),
    [
        (asked("a"), [], Discrepancy.LOST),
        (asked("a"), [taken("a", accepted=0)], Discrepancy.LOST),
        (asked("a"), [taken("a", 1), taken("a", 2)], Discrepancy.DUPLICATED),
        (asked("a"), [taken("a", to="12025550199")], Discrepancy.MISADDRESSED),
        (asked("a"), [taken("a", digest="other")], Discrepancy.ALTERED),
        (asked("a", Outcome.REFUSED), [taken("a")], Discrepancy.UNEXPECTED),
        (asked("a", Outcome.UNANSWERED), [], Discrepancy.UNDECIDED),
        (asked("a", Outcome.UNANSWERED), [taken("a")], Discrepancy.UNDECIDED),
        (asked("b"), [taken("b"), taken("a")], Discrepancy.UNACCOUNTED),
    ],
)
def test_each_discrepancy_is_told_by_its_name(
    records: Records, was: tuple[Any, ...], at_meta_: list[tuple[Any, ...]], discrepancy: Discrepancy
) -> None:
    records.add_asked([was])
    records.add_meta(at_meta_)
    assert counts(records) == {str(discrepancy): 1}


def test_a_recipient_whom_meta_refused_is_not_lost(records: Records) -> None:
    """A broadcast counts it as failed; a message of its own that Meta refused was not to be answered with 201."""
    records.add_asked([asked("a", batch="b-1"), asked("c", batch="b-1")])
    records.add_meta([taken("a", accepted=0)])
    assert counts(records) == {"lost": 1}


def test_discrepancies_are_told_by_scenario_with_examples(records: Records) -> None:
    records.add_asked(asked(f"n{n}", scenario="send" if n % 3 else "broadcast") for n in range(30))
    lost = reconciliation.at_meta(records)[0]
    assert lost.by_scenario == {"send": 20, "broadcast": 10}
    assert len(lost.examples) == reconciliation.EXAMPLES
    assert NUMBER in lost.examples[0]


def test_what_comes_of_overload_is_not_held_against_a_search(records: Records) -> None:
    records.add_asked(
        [asked("a", Outcome.UNANSWERED, at=10.0), asked("b", Outcome.UNANSWERED, at=50.0), asked("c", at=10.0)]
    )
    assert counts(records, (5.0, 15.0)) == {"lost": 1, "undecided": 1}


def test_customers_messages_are_followed_to_the_receiver(records: Records) -> None:
    records.add_written(Written(f"wamid.{n}", f"n{n}", NUMBER, "digest", 1.0).row() for n in range(5))
    records.add_acknowledged([(2.0, f"wamid.{n}") for n in range(4)])
    records.add_events([
        ("wamid.0", "e0", "digest", 3.0, "v"), ("wamid.1", "e1", "digest", 3.0, "v"), ("wamid.1", "e2", "digest", 3.0, "v"),
        ("wamid.2", "e3", "other", 3.0, "v"),
    ])  # fmt: skip
    told = {str(one.kind): one.examples for one in reconciliation.at_receiver(records) if one.count}
    assert {name: len(examples) for name, examples in told.items()} == {"lost": 1, "duplicated": 1, "altered": 1}
    assert "wamid.3" in told["lost"][0]  # wamid.4 was never acknowledged, so Meta will send it again


def fill(records: Records, first: int, count: int) -> None:
    for start in range(first, first + count, 5000):
        numbers = range(start, start + 5000)
        records.add_asked(
            (*asked(f"lt0be5c4-0-{n}")[:2], NUMBER, "d", "accepted", 0.0, f"wamid.{n}", None, None) for n in numbers
        )
        records.add_meta(row for n in numbers for row in at_meta(n))


def test_memory_does_not_grow_with_the_number_of_messages(records: Records) -> None:
    """`nox -s bench_load` does the same with a million, and measures the whole process."""
    tracemalloc.start()
    fill(records, 0, 10_000)
    counts(records)
    before = tracemalloc.get_traced_memory()[1]
    tracemalloc.reset_peak()
    fill(records, 10_000, 30_000)
    found = counts(records)
    grown = tracemalloc.get_traced_memory()[1] - before
    tracemalloc.stop()
    assert grown < 2**20
    assert found == {"lost": 1, "duplicated": 1, "altered": 1}
