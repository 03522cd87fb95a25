"""What a broadcast's order is, and how its record is read."""

from __future__ import annotations

import json
import time
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from conformance.target.exchange import Exchange
from conformance.target.learned import Learned
from conformance.target.verdicts import Mismatch
from conformance.wacrm.steps.broadcasts import Broadcast, counts_of, greeting_values, submission_of

NONE = Exchange("GET", "http://127.0.0.1/", {}, b"", None, 200, httpx.Headers(), b"", 0.0, 0.0)
ROW = {
    "status": "sending", "total_recipients": 3, "sent_count": 2, "delivered_count": 1, "read_count": 1, "replied_count": 0,
    "failed_count": 0,
}  # fmt: skip


def submission(*recipients: dict[str, Any], **fields: Any) -> Any:
    return submission_of("n", {"template_name": "t", "recipients": list(recipients), **fields})


def test_a_submission_has_the_parameters_of_each_recipient() -> None:
    found = submission({"to": "+15550100001", "params": ["a"]}, {"to": "+15550100002"})
    assert found.params == {"15550100001": frozenset({("a",)}), "15550100002": frozenset({()})}
    assert (found.template, found.language) == ("t", "en_US")
    assert submission(template_language="it").language == "it"


def test_a_recipient_listed_twice_may_get_either_parameters() -> None:
    found = submission({"to": "+15550100001", "params": ["a"]}, {"to": "+15550100001", "params": ["b"]})
    assert found.params["15550100001"] == {("a",), ("b",)}


@pytest.mark.parametrize("to", ["", "+", "abc", "+1", "15550100001", "+1 555 010 0001", "+" + "9" * 24])
def test_a_number_that_is_not_plain_e164_is_no_recipient(to: str) -> None:
    assert submission({"to": to}).recipients == frozenset()


def test_all_greeting_parameters_are_different() -> None:
    values = [text for index in range(20) for text in greeting_values("n", index)]
    assert len(set(values)) == len(values) == 40


def test_counts_are_read_from_the_record() -> None:
    poll = counts_of(dict(ROW), NONE)
    assert (poll.status, poll.total, poll.counts) == (
        "sending", 3, {"sent": 2, "delivered": 1, "read": 1, "replied": 0, "failed": 0},
    )  # fmt: skip


@pytest.mark.parametrize("value", [None, "2", True, 1.5, -1])
@pytest.mark.parametrize("name", ["sent_count", "total_recipients"])
def test_a_count_that_is_no_whole_number_is_a_mismatch(name: str, value: object) -> None:
    with pytest.raises(Mismatch, match="whole number"):
        counts_of({**ROW, name: value}, NONE)


def test_a_missing_count_is_a_mismatch() -> None:
    with pytest.raises(Mismatch, match="replied_count"):
        counts_of({name: value for name, value in ROW.items() if name != "replied_count"}, NONE)


PATIENCE, MARKER, OTHER = 0.1, "hx000000mine", "hx000000other"


def send(marker: str, *, ago: float = 0.0, seconds: float | None = 0.01) -> dict[str, Any]:
    """A ledger entry of a broadcast's send, as mock Meta gives it."""
    at = time.time() - ago
    return {"to": "15550100001", "type": "template", "raw": f"{marker} n0", "at": at, "duration": seconds}


def polled_until_given_up(sends: list[dict[str, Any]], enough: int = 12) -> bool:
    """Whether a broadcast that never moves is given up within `enough` times the patience."""
    row = {"data": ROW}
    answer = Exchange(
        "GET", "http://127.0.0.1/", {}, b"", None, 200, httpx.Headers(), json.dumps(row).encode(), 0.0, 0.0
    )
    mock_meta = SimpleNamespace(
        patience=PATIENCE, sends=lambda contains, **_: [entry for entry in sends if contains in entry["raw"]]
    )
    account: Any = SimpleNamespace(api=SimpleNamespace(get=lambda _: answer), mock_meta=mock_meta, learned=Learned())
    broadcast = Broadcast(account, submission_of(MARKER, {"template_name": "t", "recipients": []}), NONE, "b", 0, 0.0)
    began = time.monotonic()
    broadcast.until(lambda _: time.monotonic() - began > enough * PATIENCE, PATIENCE, 0.005)
    return time.monotonic() - began <= enough * PATIENCE


def test_waiting_ends_without_progress() -> None:
    assert polled_until_given_up([])
    assert polled_until_given_up([send(MARKER, ago=9.0)])


def test_waiting_goes_on_while_meta_is_slow_to_answer_another_send() -> None:
    """A target may send to one person at a time, whatever broadcast it is of."""
    assert not polled_until_given_up([send(MARKER, ago=9.0), send(OTHER, ago=9.0, seconds=None)])
    assert polled_until_given_up([send(MARKER, ago=9.0), send(OTHER, ago=9.0, seconds=2.0)])


def test_waiting_goes_on_behind_other_broadcasts_until_the_first_send() -> None:
    others = [send(OTHER, ago=-9.0)]
    assert not polled_until_given_up(others)
    assert polled_until_given_up([*others, send(MARKER, ago=9.0)])
