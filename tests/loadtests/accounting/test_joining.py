from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from loadtests.accounting import joining
from loadtests.accounting.records import Records
from loadtests.users import message_records
from loadtests.users.message_records import Written

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ENTRY = {"seq": 1, "status": 200, "statuses": [], "wamids": ["wamid.in"], "at": 2.0}
EVENT = {"id": "e1", "event": "message.received", "data": {"whatsapp_message_id": "wamid.in", "text": "hi"}}


class Ledger:
    """Mock Meta's ledger with one webhook, which brought one customer's message."""

    def request(self, _method: str, _path: str, *, since: int, kind: str, **_: Any) -> Any:
        return {"entries": [ENTRY] if kind == "webhook" and since == 0 else []}


class Late:
    """A receiver that has the event at the second look."""

    def __init__(self) -> None:
        self.looks = 0

    def attempts(self, _path: str) -> list[Any]:
        self.looks += 1
        return [SimpleNamespace(at=3.0, json=lambda: EVENT)] if self.looks > 1 else []


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Any]:
    records = Records(tmp_path / "records.sqlite")
    records.add_written([Written("wamid.in", "n", "12025550123", message_records.digest("in", "hi"), 1.0).row()])
    target = SimpleNamespace(target=SimpleNamespace(patience=5.0))
    yield SimpleNamespace(
        name="0be5c4", records=records, mark=0, overloads=[], endpoint="w-1", path="/load/0be5c4", target=target
    )
    records.close()


def test_events_that_come_late_are_waited_for(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joining, "POLL", 0.001)
    receiver = Late()
    joined = joining.join(run, cast("Any", Ledger()), cast("Any", receiver))
    assert receiver.looks == 2
    assert {one.where for one in joined.discrepancies} == {"at Meta", "at the receiver"}
    assert not any(one.count for one in joined.discrepancies)


def test_an_event_that_never_comes_is_lost(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joining, "POLL", 0.001)
    run.target.target.patience = 0.0
    joined = joining.join(run, cast("Any", Ledger()), cast("Any", Late()))
    assert {str(one.kind): one.count for one in joined.discrepancies if one.count} == {"lost": 1}


def test_without_a_receiver_only_sends_are_compared(run: Any) -> None:
    joined = joining.join(run, cast("Any", Ledger()), None)
    assert {one.where for one in joined.discrepancies} == {"at Meta"}
