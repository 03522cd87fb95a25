"""MSG-13, MSG-16: contact and conversation of a send."""

from collections import Counter
from collections.abc import Callable
from contextvars import ContextVar
from functools import partial
from uuid import uuid4

from reference.wacrm.assembly import Wacrm
from reference.wacrm.faults.msg.patches import sent_answer
from reference.wacrm.faults.registry import fault
from reference.wacrm.patching.patches import answer
from reference.wacrm.patching.steps import drop_index, wrap
from reference.wacrm.protocol.bodies import MessageCreate, MessageType
from reference.wacrm.protocol.envelope import Json
from reference.wacrm.protocol.operations import Operation
from reference.wacrm.storage.database import Row


def _together(wacrm: Wacrm) -> Callable[[str], bool]:
    """Says of a number whether its first messages are being sent at the same time."""
    under_way: Counter[str] = Counter()
    crowded: set[str] = set()
    send = wacrm.messages.send

    async def counted(account: str, body: MessageCreate) -> Json:
        is_first = wacrm.messages.conversation_of(account, body.to) is None
        under_way[body.to] += 1
        if is_first and under_way[body.to] > 1:
            crowded.add(body.to)
        try:
            return await send(account, body)
        finally:
            under_way[body.to] -= 1
            if not under_way[body.to]:
                crowded.discard(body.to)

    wrap(wacrm.messages, "send", counted)
    return crowded.__contains__


def _open(wacrm: Wacrm, account: str, contact: str) -> Row:
    """A further conversation with the contact."""
    values = {"id": wacrm.ids.new(), "account": account, "contact": contact, "now": wacrm.clock.now()}
    wacrm.db.run(wacrm.conversations.sql.add, values)
    made = wacrm.conversations.find(account, values["id"])
    assert made is not None
    return made


@fault("MSG-13", "parallel first messages each make a conversation, as nothing in the table forbids it")
def parallel_first_messages_open_two_conversations(wacrm: Wacrm) -> None:
    drop_index(wacrm, "conversations_by_contact")
    crowded, add = _together(wacrm), wacrm.conversations.find_or_add
    opened: Counter[str] = Counter()

    def opened_again(account: str, contact: str) -> tuple[Row, bool]:
        known = wacrm.conversations.find_contact(account, contact)
        row = wacrm.contacts.find(account, contact)
        opened[contact] += 1
        if known is not None and not (row and crowded(row["phone"]) and opened[contact] == 2):  # noqa: PLR2004 - the second of them
            return known, False
        if known is None:
            return add(account, contact)
        return _open(wacrm, account, contact), True

    wrap(wacrm.conversations, "find_or_add", opened_again)


@fault("MSG-13", "of parallel first messages one is lost: its conversation's insert was rolled back with it")
def parallel_first_messages_lose_one(wacrm: Wacrm) -> None:
    crowded, record = _together(wacrm), wacrm.messages.record
    delete = "DELETE FROM messages WHERE id = :id"
    dropped: set[str] = set()

    def lossy(account: str, body: MessageCreate, wamid: str, quoted: Row | None) -> Json:
        data = record(account, body, wamid, quoted)
        if crowded(body.to) and body.to not in dropped:
            dropped.add(body.to)
            wacrm.db.run(delete, {"id": data["message_id"]})
        return data

    wrap(wacrm.messages, "record", lossy)


@fault("MSG-16", "every template opens a conversation of its own")
def template_opens_a_conversation_of_its_own(wacrm: Wacrm) -> None:
    drop_index(wacrm, "conversations_by_contact")
    record, find_or_add = wacrm.messages.record, wacrm.conversations.find_or_add
    is_template: ContextVar[bool] = ContextVar("is_template", default=False)

    def opened(account: str, contact: str) -> tuple[Row, bool]:
        if is_template.get():
            return _open(wacrm, account, contact), True
        known = wacrm.conversations.find_contact(account, contact)
        return (known, False) if known is not None else find_or_add(account, contact)

    def recorded(account: str, body: MessageCreate, wamid: str, quoted: Row | None) -> Json:
        is_template.set(body.type is MessageType.TEMPLATE)
        try:
            return record(account, body, wamid, quoted)
        finally:
            is_template.set(False)

    wrap(wacrm.conversations, "find_or_add", opened)
    wrap(wacrm.messages, "record", recorded)


@fault("MSG-16", "the conversation named in the answer to a media message is made up", sent_answer)
def media_answer_names_another_conversation(body: MessageCreate, data: Json) -> None:
    if body.media_url and not data["contact_created"]:
        data["conversation_id"] = str(uuid4())


@fault(
    "MSG-16",
    "the contact named in the answer is the conversation's key in the inbox",
    partial(answer, Operation.SEND_MESSAGE, status=201),
)
def answer_names_the_conversation_as_contact(body: Json) -> None:
    if not body["data"]["contact_created"]:
        body["data"]["contact_id"] = body["data"]["conversation_id"]
