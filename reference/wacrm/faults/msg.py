"""MSG: what a send answers, which contact and conversation it uses (01, 05, 13, 16)."""

from collections import Counter
from collections.abc import Callable
from uuid import uuid4

from reference.wacrm.assembly import Wacrm
from reference.wacrm.faults.registry import fault
from reference.wacrm.faults.steps import patch, reshape, restatus
from reference.wacrm.protocol.bodies import MessageCreate, MessageType
from reference.wacrm.protocol.envelope import Json
from reference.wacrm.protocol.operations import Operation
from reference.wacrm.storage.database import Row


def _answer(wacrm: Wacrm, change: Callable[[MessageCreate, Json], None]) -> None:
    """What is answered to a send that went well."""
    record = wacrm.messages.record

    def changed(account: str, body: MessageCreate, wamid: str, quoted: Row | None) -> Json:
        data = record(account, body, wamid, quoted)
        change(body, data)
        return data

    patch(wacrm.messages, "record", changed)


@fault("MSG-01", "the row's id is made anew for the answer")
def answered_message_id_is_of_no_row(wacrm: Wacrm) -> None:
    def anew(_body: MessageCreate, data: Json) -> None:
        data["message_id"] = str(uuid4())

    _answer(wacrm, anew)


@fault("MSG-01", "the answer's wamid is made up when Meta's is longer than the column")
def answered_wamid_is_cut(wacrm: Wacrm) -> None:
    def cut(_body: MessageCreate, data: Json) -> None:
        data["whatsapp_message_id"] = data["whatsapp_message_id"][:-4]

    _answer(wacrm, cut)


@fault("MSG-01", "a send is answered as a read is")
def send_answers_200(wacrm: Wacrm) -> None:
    restatus(wacrm, Operation.SEND_MESSAGE, 201, 200)


@fault("MSG-05", "what is new is the conversation, and the contact is said to be")
def contact_created_means_conversation_created(wacrm: Wacrm) -> None:
    record = wacrm.messages.record

    def confused(account: str, body: MessageCreate, wamid: str, quoted: Row | None) -> Json:
        is_new = wacrm.messages.conversation_of(account, body.to) is None
        return record(account, body, wamid, quoted) | {"contact_created": is_new}

    patch(wacrm.messages, "record", confused)


@fault("MSG-05", "a send with a name renames the contact")
def name_overwrites_a_known_contact(wacrm: Wacrm) -> None:
    def renamed(body: MessageCreate, data: Json) -> None:
        if body.name and not data["contact_created"]:
            sql = "UPDATE contacts SET name = :name, name_folded = :folded WHERE id = :id"
            values = {"name": body.name, "folded": wacrm.contacts.fold(body.name), "id": data["contact_id"]}
            wacrm.db.run(sql, values)

    _answer(wacrm, renamed)


@fault("MSG-05", "the name is ignored for templates, which have a name of their own")
def name_is_ignored_for_templates(wacrm: Wacrm) -> None:
    record = wacrm.messages.record

    def nameless(account: str, body: MessageCreate, wamid: str, quoted: Row | None) -> Json:
        if body.type is MessageType.TEMPLATE:
            body = body.model_copy(update={"name": None})
        return record(account, body, wamid, quoted)

    patch(wacrm.messages, "record", nameless)


@fault("MSG-05", "a send with a name is said to have created the contact that it names")
def contact_with_a_name_is_always_new(wacrm: Wacrm) -> None:
    def always(body: MessageCreate, data: Json) -> None:
        data["contact_created"] |= bool(body.name)

    _answer(wacrm, always)


@fault("MSG-05", "the name is filled in where the contact has none yet")
def name_is_given_to_a_nameless_contact(wacrm: Wacrm) -> None:
    def filled(body: MessageCreate, data: Json) -> None:
        sql = "UPDATE contacts SET name = :name, name_folded = :folded WHERE id = :id AND name IS NULL"
        values = {"name": body.name, "folded": wacrm.contacts.fold(body.name), "id": data["contact_id"]}
        wacrm.db.run(sql, values)

    _answer(wacrm, filled)


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

    patch(wacrm.messages, "send", counted)
    return crowded.__contains__


@fault("MSG-13", "parallel first messages each make a conversation, as nothing in the table forbids it")
def parallel_first_messages_open_two_conversations(wacrm: Wacrm) -> None:
    wacrm.db.run("DROP INDEX conversations_by_contact", {})
    crowded, add = _together(wacrm), wacrm.conversations.find_or_add
    insert = wacrm.conversations.sql.add
    opened: Counter[str] = Counter()

    def opened_again(account: str, contact: str) -> tuple[Row, bool]:
        known = wacrm.conversations.find_contact(account, contact)
        row = wacrm.contacts.find(account, contact)
        opened[contact] += 1
        if known is not None and not (row and crowded(row["phone"]) and opened[contact] == 2):  # noqa: PLR2004 - the second of them
            return known, False
        if known is None:
            return add(account, contact)
        values = {"id": wacrm.ids.new(), "account": account, "contact": contact, "now": wacrm.clock.now()}
        wacrm.db.run(insert, values)
        made = wacrm.conversations.find(account, values["id"])
        assert made is not None
        return made, True

    patch(wacrm.conversations, "find_or_add", opened_again)


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

    patch(wacrm.messages, "record", lossy)


@fault("MSG-16", "every template opens a conversation of its own")
def template_opens_a_conversation_of_its_own(wacrm: Wacrm) -> None:
    wacrm.db.run("DROP INDEX conversations_by_contact", {})
    record, find_or_add = wacrm.messages.record, wacrm.conversations.find_or_add
    sql = wacrm.conversations.sql

    def opened(account: str, contact: str) -> tuple[Row, bool]:
        values = {"id": wacrm.ids.new(), "account": account, "contact": contact, "now": wacrm.clock.now()}
        wacrm.db.run(sql.add, values)
        made = wacrm.conversations.find(account, values["id"])
        assert made is not None
        return made, True

    def guarded(account: str, contact: str) -> tuple[Row, bool]:
        known = wacrm.conversations.find_contact(account, contact)
        return (known, False) if known is not None else find_or_add(account, contact)

    def recorded(account: str, body: MessageCreate, wamid: str, quoted: Row | None) -> Json:
        is_template = body.type is MessageType.TEMPLATE
        wacrm.conversations.find_or_add = opened if is_template else guarded  # type: ignore[method-assign]
        try:
            return record(account, body, wamid, quoted)
        finally:
            wacrm.conversations.find_or_add = guarded  # type: ignore[method-assign]

    wacrm.conversations.find_or_add = guarded  # type: ignore[method-assign]
    patch(wacrm.messages, "record", recorded)


@fault("MSG-16", "the conversation named in the answer to a media message is made up")
def media_answer_names_another_conversation(wacrm: Wacrm) -> None:
    def made_up(body: MessageCreate, data: Json) -> None:
        if body.media_url and not data["contact_created"]:
            data["conversation_id"] = str(uuid4())

    _answer(wacrm, made_up)


@fault("MSG-16", "the contact named in the answer is the conversation's key in the inbox")
def answer_names_the_conversation_as_contact(wacrm: Wacrm) -> None:
    def confused(body: Json) -> None:
        if not body["data"]["contact_created"]:
            body["data"]["contact_id"] = body["data"]["conversation_id"]

    reshape(wacrm, Operation.SEND_MESSAGE, confused, status=201)
