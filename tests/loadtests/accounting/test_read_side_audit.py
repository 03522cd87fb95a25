"""What the read side says of a sample, outcomes without a deployment: answers in, findings_ out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import msgspec
import pytest

from loadtests.accounting.read_side_audit import Auditor
from loadtests.accounting.records import Records
from loadtests.users import message_records
from loadtests.users.answers import Broadcast, Contact, Conversation, Data, Message, Meta, Page, Person
from loadtests.users.message_records import Asked, Outcome, Written

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from loadtests.users.answers import Operation
    from loadtests.users.task import Task

NUMBER, STAMP = "12025550123", "2026-07-01T12:00:00Z"
BASE = {"created_at": STAMP, "updated_at": STAMP}
CONTACT = Contact("c-1", f"+{NUMBER}", None, None, None, None, [], **BASE)
PERSON = Person("c-1", f"+{NUMBER}", None, None, None, [])


def message(wamid: str, text: str, status: str = "sent", direction: str = "outbound", kind: str = "text") -> Message:
    return Message("m", "v-1", direction, "agent", kind, text, None, None, wamid, status, None, None, STAMP)


@dataclass
class Api:
    """A read side that answers from what it was given."""

    messages: list[Message] = field(default_factory=list)
    unread: int = 0
    broadcast: dict[str, Any] = field(default_factory=dict)

    def call(self, operation: Operation[Any], _id: str = "", _query: str = "", *, query: str = "") -> Any:
        conversation = Conversation("v-1", "c-1", "open", None, None, None, self.unread, **BASE, contact=PERSON)
        counts = dict.fromkeys(
            ("total_recipients", "sent_count", "delivered_count", "read_count", "replied_count", "failed_count"), 0
        )
        counted: dict[str, Any] = {
            "id": "b-1",
            "name": "n",
            "template_name": "t",
            "template_language": "en_US",
            "status": "sent",
            **BASE,
            **counts,
            **self.broadcast,
        }
        answers: dict[str, Any] = {
            "listContacts": Page([CONTACT], Meta(None)),
            "listConversations": Page([conversation], Meta(None)),
            "getConversation": Data(conversation),
            "listConversationMessages": Page(self.messages, Meta(None)),
            "getBroadcast": Data(msgspec.convert(counted, Broadcast)),
        }
        assert query is not None
        return answers[operation.id]


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    made = Records(tmp_path / "records.sqlite")
    yield made
    made.close()


def audited(records: Records, api: Api) -> dict[str, int]:
    records.index()
    audit = Auditor(records, lambda: cast("Task", api), patience=0.0).run(10)
    return audit.observations.counts()


@pytest.mark.parametrize(
    ("shown", "trouble"),
    [
        ([message("w", "hello", "read")], None),
        ([], "hidden"),
        ([message("w", "hello", "read")] * 2, "shown twice"),
        ([message("w", "hullo", "read")], "altered in the API"),
        ([message("w", "hello", "delivered")], "stale status"),
        ([message("w", "hello", "failed")], None),
    ],
)
def test_a_message_is_in_its_conversation_once(records: Records, shown: list[Message], trouble: str | None) -> None:
    records.add_asked(
        [Asked("n", "send", NUMBER, message_records.text("hello"), Outcome.ACCEPTED, 1.0, "w", "v-1").row()]
    )
    records.add_reported([("w", "delivered", 2.0), ("w", "read", 3.0)])
    assert audited(records, Api(shown)) == ({trouble: 1} if trouble else {})


@pytest.mark.parametrize(
    ("texts", "unread", "trouble"),
    [
        (["hi"], 1, None),
        (["hi"], 0, "unread count"),
        (["hi"], 2, "unread count"),
        ([], 0, "lost inbound"),
        (["hi", "hi"], 2, "inbound twice"),
        (["ho"], 1, "altered inbound"),
    ],
)
def test_what_a_customer_wrote_is_there_once_and_unread(
    records: Records, texts: list[str], unread: int, trouble: str | None
) -> None:
    records.add_written([Written("w", "n", NUMBER, message_records.digest("in", "hi"), 1.0).row()])
    records.add_acknowledged([(2.0, "w")])
    api = Api([message("w", text, "received", "inbound") for text in texts], unread)
    assert audited(records, api) == ({trouble: 1} if trouble else {})


def campaign(records: Records, taken: int, *, bounced: int = 0) -> None:
    """Four recipients, of whom Meta took the first `taken`, delivered to all of these, and bounced the last of them."""
    records.add_asked(
        Asked(f"n{n}", "broadcast", NUMBER, "d", Outcome.ACCEPTED, 1.0, batch="b-1").row() for n in range(4)
    )
    records.add_meta(
        (f"n{n}", n, NUMBER, "d", int(n < taken), f"w{n}" if n < taken else None, 1.0, 1.1) for n in range(4)
    )
    records.add_reported([(f"w{n}", "delivered", 2.0) for n in range(taken)])
    records.add_reported([(f"w{n}", "failed", 3.0) for n in range(taken - bounced, taken)])


@pytest.mark.parametrize(
    ("counts", "findings_"),
    [
        ({"total_recipients": 4, "sent_count": 3, "failed_count": 1, "delivered_count": 3}, 0),
        ({"total_recipients": 4, "sent_count": 4, "failed_count": 0, "delivered_count": 3}, 2),
        ({"total_recipients": 4, "sent_count": 3, "failed_count": 1, "delivered_count": 2}, 1),
    ],
)
def test_a_broadcasts_counts_are_the_ledgers(records: Records, counts: dict[str, int], findings_: int) -> None:
    campaign(records, taken=3)
    assert audited(records, Api(broadcast=counts)).get("broadcast counts", 0) == findings_


def test_who_bounced_may_count_as_sent_or_as_failed(records: Records) -> None:
    campaign(records, taken=4, bounced=1)
    for failed in (0, 1):
        counts = {"total_recipients": 4, "sent_count": 4 - failed, "failed_count": failed, "delivered_count": 4}
        assert audited(records, Api(broadcast=counts)) == {}


def test_a_broadcast_that_never_ends_is_told(records: Records) -> None:
    campaign(records, taken=0)
    api = Api(broadcast={"status": "sending", "total_recipients": 4, "failed_count": 4})
    assert audited(records, api) == {"broadcast unfinished": 1}
