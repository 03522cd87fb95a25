from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any, cast

import pytest

from loadtests.accounting import record_import
from loadtests.accounting.records import Records
from loadtests.users import message_records

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conformance.meta.mock_client import MockMeta
    from conformance.webhooks.receiver_client import Receiver

RUN = "0be5c4"


class Ledger:
    """Mock Meta's control interface, as far as the records read it."""

    def __init__(self, entries: list[dict[str, Any]]) -> None:
        self.entries, self.asked = entries, 0

    def request(self, _method: str, _path: str, *, since: int = 0, limit: int = 0, **_: Any) -> Any:
        self.asked += 1
        return {"entries": [entry for entry in self.entries if entry["seq"] > since][:limit]}


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    made = Records(tmp_path / "records.sqlite")
    yield made
    made.close()


def send(seq: int, nonce: str, body: dict[str, Any], wamid: str | None = "wamid.x") -> dict[str, Any]:
    return {
        "seq": seq,
        "raw": json.dumps(body) + nonce,
        "body": body,
        "to": "+1 (202) 555-0123",
        "wamid": wamid,
        "at": 5.0,
        "duration": 0.5,
    }


def test_the_ledger_is_read_page_by_page(records: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record_import, "PAGE", 2)
    ledger = Ledger([send(n, f" lt{RUN}-0-{n}", {"type": "text", "text": {"body": "x"}}) for n in range(1, 6)])
    assert record_import.read_sends(records, cast("MockMeta", ledger), 1, RUN) == 4
    assert ledger.asked == 3
    assert list(records.rows("SELECT recipient, digest, done FROM meta LIMIT 1")) == [
        ("12025550123", message_records.text("x"), 5.5)
    ]


def test_other_runs_are_none_of_ours(records: Records) -> None:
    body = {"type": "text", "text": {"body": "x"}}
    ledger = Ledger([send(1, " ltabcdef-0-1", body), send(2, " nothing", body)])
    assert record_import.read_sends(records, cast("MockMeta", ledger), 0, RUN) == 0


@pytest.mark.parametrize(
    ("body", "digest"),
    [
        ({"text": {"body": "hello"}}, message_records.text("hello")),
        ({"type": "image", "image": {"link": "l", "caption": "c"}}, message_records.media("image", "l", "c")),
        (
            {"type": "document", "document": {"link": "l", "caption": "c", "filename": "f"}},
            message_records.media("document", "l", "c", "f"),
        ),
        (
            {"type": "template", "template": {"name": "t", "language": {"code": "en_US"}, "components": [
                {"type": "body", "parameters": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}]}},
            message_records.template("t", "en_US", ["a", "b"]),
        ),
    ],
)  # fmt: skip
def test_what_meta_got_is_compared_with_what_was_asked(body: dict[str, Any], digest: str) -> None:
    assert message_records.at_meta(body) == digest


def test_content_that_differs_has_another_digest() -> None:
    contents = [("text", "a"), ("text", "b"), ("tex", "ta"), ("text", "a", ""), ("image", "a")]
    assert len({message_records.digest(*content) for content in contents}) == len(contents)


def test_only_acknowledged_webhooks_count(records: Records) -> None:
    records.add_written([("wamid.in", "n", "1", "d", 1.0), ("wamid.lost", "n2", "1", "d", 1.0)])
    entries: list[dict[str, Any]] = [
        {"seq": 1, "status": 200, "statuses": [["wamid.x", "delivered"]], "wamids": ["wamid.x"], "at": 2.0},
        {"seq": 2, "status": 500, "statuses": [["wamid.x", "read"]], "wamids": ["wamid.x"], "at": 3.0},
        {"seq": 3, "status": 200, "statuses": [], "wamids": ["wamid.in"], "at": 4.0},
        {"seq": 4, "status": None, "statuses": [], "wamids": ["wamid.lost"], "at": 5.0},
    ]
    assert record_import.read_webhooks(records, cast("MockMeta", Ledger(entries)), 0) == 2
    assert list(records.rows("SELECT delivered, read FROM reported")) == [(2.0, None)]
    assert list(records.rows("SELECT wamid FROM written WHERE acknowledged IS NOT NULL")) == [("wamid.in",)]


class Got:
    def __init__(self, body: Any) -> None:
        self.at, self._body = 9.0, body

    def json(self) -> Any:
        return self._body


class Box:
    def __init__(self, *bodies: Any) -> None:
        self._got = [Got(body) for body in bodies]

    def attempts(self, _path: str) -> list[Got]:
        return self._got


def test_events_of_other_kinds_are_let_be(records: Records) -> None:
    data = {"whatsapp_message_id": "wamid.in", "text": "hi", "conversation_id": "v"}
    box = Box(
        {"id": "e1", "event": "message.received", "data": data},
        {"id": "e2", "event": "conversation.created", "data": {}},
        None,
    )
    assert record_import.read_events(records, cast("Receiver", box), "/load") == 1
    assert list(records.rows("SELECT wamid, digest FROM events")) == [("wamid.in", message_records.digest("in", "hi"))]


class Health:
    def __init__(self, *states: tuple[int, int]) -> None:
        self._states = itertools.chain(states, itertools.repeat(states[-1]))

    def request(self, _method: str, _path: str) -> Any:
        last_seq, pending = next(self._states)
        return {"last_seq": last_seq, "pending_webhooks": pending, "in_flight": 0}


def test_quiet_is_a_condition_with_a_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record_import, "POLL", 0.001)
    growing = Health(*((n, 0) for n in range(20)))
    assert record_import.quiet(cast("MockMeta", growing), patience=5.0, still=0.01)
    assert not record_import.quiet(cast("MockMeta", Health((1, 3))), patience=0.02, still=0.01)
