"""What the read side says of a sample, judged without a deployment: answers in, troubles out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import msgspec
import pytest

from loadtests.accounting.read_side_audit import Auditor
from loadtests.accounting.reconciliation import Books
from loadtests.users import message_records
from loadtests.users.answers import Broadcast, Contact, Conversation, Data, Message, Meta, Page, Person
from loadtests.users.message_records import Asked, Outcome, Written

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from loadtests.users.answers import Operation
    from loadtests.users.task import Visit

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
def books(tmp_path: Path) -> Iterator[Books]:
    made = Books(tmp_path / "books.sqlite")
    yield made
    made.close()


def audited(books: Books, api: Api) -> dict[str, int]:
    books.sends()
    audit = Auditor(books, lambda: cast("Visit", api), patience=0.0).run(10)
    return {kind: count for kind, (count, _) in audit.troubles.items()}


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
def test_a_message_is_in_its_conversation_once(books: Books, shown: list[Message], trouble: str | None) -> None:
    books.asked([Asked("n", "send", NUMBER, message_records.text("hello"), Outcome.ACCEPTED, 1.0, "w", "v-1").row()])
    books.reported([("w", "delivered", 2.0), ("w", "read", 3.0)])
    assert audited(books, Api(shown)) == ({trouble: 1} if trouble else {})


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
    books: Books, texts: list[str], unread: int, trouble: str | None
) -> None:
    books.written([Written("w", "n", NUMBER, message_records.digest("in", "hi"), 1.0).row()])
    books.acknowledged([(2.0, "w")])
    api = Api([message("w", text, "received", "inbound") for text in texts], unread)
    assert audited(books, api) == ({trouble: 1} if trouble else {})


def campaign(books: Books, taken: int, *, bounced: int = 0) -> None:
    """Four recipients, of whom Meta took the first `taken`, delivered to all of these, and bounced the last of them."""
    books.asked(Asked(f"n{n}", "broadcast", NUMBER, "d", Outcome.ACCEPTED, 1.0, batch="b-1").row() for n in range(4))
    books.meta((f"n{n}", n, NUMBER, "d", int(n < taken), f"w{n}" if n < taken else None, 1.0, 1.1) for n in range(4))
    books.reported([(f"w{n}", "delivered", 2.0) for n in range(taken)])
    books.reported([(f"w{n}", "failed", 3.0) for n in range(taken - bounced, taken)])


@pytest.mark.parametrize(
    ("counts", "troubles"),
    [
        ({"total_recipients": 4, "sent_count": 3, "failed_count": 1, "delivered_count": 3}, 0),
        ({"total_recipients": 4, "sent_count": 4, "failed_count": 0, "delivered_count": 3}, 2),
        ({"total_recipients": 4, "sent_count": 3, "failed_count": 1, "delivered_count": 2}, 1),
    ],
)
def test_a_broadcasts_counts_are_the_ledgers(books: Books, counts: dict[str, int], troubles: int) -> None:
    campaign(books, taken=3)
    assert audited(books, Api(broadcast=counts)).get("broadcast counts", 0) == troubles


def test_who_bounced_may_count_as_sent_or_as_failed(books: Books) -> None:
    campaign(books, taken=4, bounced=1)
    for failed in (0, 1):
        counts = {"total_recipients": 4, "sent_count": 4 - failed, "failed_count": failed, "delivered_count": 4}
        assert audited(books, Api(broadcast=counts)) == {}


def test_a_broadcast_that_never_ends_is_told(books: Books) -> None:
    campaign(books, taken=0)
    api = Api(broadcast={"status": "sending", "total_recipients": 4, "failed_count": 4})
    assert audited(books, api) == {"broadcast unfinished": 1}
