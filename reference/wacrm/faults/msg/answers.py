"""MSG-01, MSG-05: the answer to a send."""

from uuid import uuid4

from reference.wacrm.assembly import Wacrm
from reference.wacrm.faults.msg.patches import sent_answer
from reference.wacrm.faults.registry import Fault, fault
from reference.wacrm.patching.patches import status
from reference.wacrm.patching.steps import wrap
from reference.wacrm.protocol.bodies import MessageCreate, MessageType
from reference.wacrm.protocol.envelope import Json
from reference.wacrm.protocol.operations import Operation
from reference.wacrm.storage.database import Row

ROWS = (
    Fault("MSG-01", "send-answers-200", status(Operation.SEND_MESSAGE, 201, 200),
          "a send is answered as a read is"),
)  # fmt: skip


@fault("MSG-01", "the row's id is made anew for the answer", sent_answer)
def answered_message_id_is_of_no_row(_body: MessageCreate, data: Json) -> None:
    data["message_id"] = str(uuid4())


@fault("MSG-01", "the answer's wamid is made up when Meta's is longer than the column", sent_answer)
def answered_wamid_is_cut(_body: MessageCreate, data: Json) -> None:
    data["whatsapp_message_id"] = data["whatsapp_message_id"][:-4]


@fault("MSG-05", "what is new is the conversation, and the contact is said to be")
def contact_created_means_conversation_created(wacrm: Wacrm) -> None:
    record = wacrm.messages.record

    def confused(account: str, body: MessageCreate, wamid: str, quoted: Row | None) -> Json:
        is_new = wacrm.messages.conversation_of(account, body.to) is None
        return record(account, body, wamid, quoted) | {"contact_created": is_new}

    wrap(wacrm.messages, "record", confused)


@fault("MSG-05", "a send with a name renames the contact")
def name_overwrites_a_known_contact(wacrm: Wacrm) -> None:
    def renamed(body: MessageCreate, data: Json) -> None:
        if body.name and not data["contact_created"]:
            sql = "UPDATE contacts SET name = :name, name_folded = :folded WHERE id = :id"
            values = {"name": body.name, "folded": wacrm.contacts.fold(body.name), "id": data["contact_id"]}
            wacrm.db.run(sql, values)

    sent_answer(renamed)(wacrm)


@fault("MSG-05", "the name is ignored for templates, which have a name of their own")
def name_is_ignored_for_templates(wacrm: Wacrm) -> None:
    record = wacrm.messages.record

    def nameless(account: str, body: MessageCreate, wamid: str, quoted: Row | None) -> Json:
        if body.type is MessageType.TEMPLATE:
            body = body.model_copy(update={"name": None})
        return record(account, body, wamid, quoted)

    wrap(wacrm.messages, "record", nameless)


@fault("MSG-05", "a send with a name is said to have created the contact that it names", sent_answer)
def contact_with_a_name_is_always_new(body: MessageCreate, data: Json) -> None:
    data["contact_created"] |= bool(body.name)


@fault("MSG-05", "the name is filled in where the contact has none yet")
def name_is_given_to_a_nameless_contact(wacrm: Wacrm) -> None:
    def filled(body: MessageCreate, data: Json) -> None:
        sql = "UPDATE contacts SET name = :name, name_folded = :folded WHERE id = :id AND name IS NULL"
        values = {"name": body.name, "folded": wacrm.contacts.fold(body.name), "id": data["contact_id"]}
        wacrm.db.run(sql, values)

    sent_answer(filled)(wacrm)
