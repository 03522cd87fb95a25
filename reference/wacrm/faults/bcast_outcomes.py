"""BCAST: defects in who is a recipient, what becomes of a send, and whose a report is."""

import html
from collections import Counter

from reference.wacrm.assembly import Wacrm
from reference.wacrm.domain.broadcasts import Campaign
from reference.wacrm.faults.registry import fault
from reference.wacrm.faults.steps import patch, rewrite
from reference.wacrm.meta.graph_client import AnswerLostError, SendError
from reference.wacrm.protocol.bodies import BroadcastCreate, Recipient
from reference.wacrm.protocol.envelope import Json, bad_request
from reference.wacrm.settings import WhatsApp
from reference.wacrm.storage.database import Row

_TAIL = 9


@fault("BCAST-04", "the label is made from the template's name, whatever was given")
def given_name_is_ignored(wacrm: Wacrm) -> None:
    def made(body: BroadcastCreate) -> str:
        return f"Broadcast {body.template_name}"

    patch(wacrm.broadcasts, "name", made)


@fault("BCAST-05", "recipients are told apart by their last nine digits, as contacts once were")
def similar_numbers_are_one_recipient(wacrm: Wacrm) -> None:
    def distinct(recipients: list[Recipient]) -> list[Recipient]:
        first: dict[str, Recipient] = {}
        for recipient in recipients:
            first.setdefault(recipient.to[-_TAIL:], recipient)
        return list(first.values())

    patch(wacrm.broadcasts, "distinct", distinct)


@fault("BCAST-05", "values are escaped for a page that never shows them")
def broadcast_values_are_escaped(wacrm: Wacrm) -> None:
    wire = wacrm.broadcasts.wire

    def escaped(campaign: Campaign, recipient: Row) -> Json:
        made = wire(campaign, recipient)
        for component in made["template"].get("components", []):
            for value in component["parameters"]:
                value["text"] = html.escape(value["text"])
        return made

    patch(wacrm.broadcasts, "wire", escaped)


@fault("BCAST-05", "a send whose answer was lost is sent again")
def lost_answer_is_sent_again(wacrm: Wacrm) -> None:
    send = wacrm.sender.send

    async def again(account: str, whatsapp: WhatsApp, body: Json) -> str:
        try:
            return await send(account, whatsapp, body)
        except AnswerLostError:
            return await send(account, whatsapp, body)

    patch(wacrm.sender, "send", again)


@fault("BCAST-06", "the last send is begun, and not awaited")
def last_send_is_not_awaited(wacrm: Wacrm) -> None:
    attempt, begun = wacrm.broadcasts.attempt, Counter[str]()
    size = "SELECT COUNT(*) AS size FROM broadcast_recipients WHERE broadcast_id = :id"

    async def attempted(campaign: Campaign, recipient: Row) -> None:
        begun[campaign.id] += 1
        row = wacrm.db.row(size, {"id": campaign.id})
        if row is not None and begun[campaign.id] == row["size"]:
            wacrm.broadcasts.finish(campaign)
        await attempt(campaign, recipient)

    patch(wacrm.broadcasts, "attempt", attempted)


@fault("BCAST-07", "what fails after Meta took it is counted as failed, and still as sent")
def asynchronous_failure_is_counted_twice(wacrm: Wacrm) -> None:
    refused = "COUNT(CASE state WHEN 'failed' THEN 1 END)"
    failed = "COUNT(CASE WHEN state = 'failed' OR failed_at IS NOT NULL THEN 1 END)"
    rewrite(wacrm.broadcasts.sql, "counts", refused, failed)


@fault("BCAST-08", "a reply is looked up by the last nine digits of its sender")
def replies_of_similar_numbers_are_counted(wacrm: Wacrm) -> None:
    tails = f"substr(phone, -{_TAIL}) = substr(:phone, -{_TAIL})"
    rewrite(wacrm.broadcasts.sql, "newest_to", "phone = :phone", tails)


@fault("BCAST-10", "a state only moves forward: delivered is not noted of who has read")
def delivered_is_not_noted_of_readers(wacrm: Wacrm) -> None:
    sql = wacrm.broadcasts.sql
    rewrite(sql, "counts", "COUNT(COALESCE(delivered_at, read_at))", "COUNT(delivered_at)")
    rewrite(sql, "delivered", "WHERE id = :id", "WHERE id = :id AND read_at IS NULL")


@fault("BCAST-11", "an answer without a message's id is an exception that nobody awaits")
def answer_without_a_message_ends_the_fan_out(wacrm: Wacrm) -> None:
    broadcasts, send = wacrm.broadcasts, wacrm.sender.send

    async def attempted(campaign: Campaign, recipient: Row) -> None:
        try:
            wamid = await send(campaign.account, campaign.whatsapp, broadcasts.wire(campaign, recipient))
        except SendError as error:
            if "names no message" in str(error):
                raise
            broadcasts.refused(recipient)
        else:
            broadcasts.accepted(campaign, recipient, wamid)

    patch(broadcasts, "attempt", attempted)


@fault("BCAST-12", "a thousand is compared with >= instead of >")
def thousand_recipients_are_too_many(wacrm: Wacrm) -> None:
    create = wacrm.broadcasts.create

    def refusing(account: str, body: BroadcastCreate) -> Json:
        if len(body.recipients) >= 1000:  # noqa: PLR2004 - the limit, once too early
            raise bad_request("recipients holds more than 1000 entries.")
        return create(account, body)

    patch(wacrm.broadcasts, "create", refusing)


@fault("BCAST-13", "a reply belongs to the newest broadcast to its sender, whatever it quotes")
def quoted_reply_goes_to_the_newest_broadcast(wacrm: Wacrm) -> None:
    note_reply = wacrm.broadcasts.note_reply

    def newest(account: str, phone: str, quoted: str | None) -> None:
        note_reply(account, phone, None if quoted else quoted)

    patch(wacrm.broadcasts, "note_reply", newest)


@fault("BCAST-08", "the statuses of single messages are looked up by number, and reach the broadcast too")
def single_messages_count_in_the_broadcast(wacrm: Wacrm) -> None:
    apply = wacrm.messages.apply_status
    phone_of = """
        SELECT contacts.phone FROM conversations JOIN contacts ON contacts.id = conversations.contact_id
        WHERE conversations.id = :id"""

    def both(account: str, wamid: str, status: str) -> bool:
        message = wacrm.messages.find_wamid(account, wamid)
        contact = wacrm.db.row(phone_of, {"id": message["conversation_id"]}) if message is not None else None
        recipient = wacrm.broadcasts.newest_to(account, contact["phone"]) if contact is not None else None
        if recipient is not None:
            wacrm.broadcasts.apply_status(account, recipient["wamid"], status)
        return apply(account, wamid, status)

    patch(wacrm.messages, "apply_status", both)
