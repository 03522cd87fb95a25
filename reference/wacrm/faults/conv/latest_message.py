"""CONV-05, CONV-06: unread count and latest message."""

from collections.abc import Callable

from reference.wacrm.assembly import Wacrm
from reference.wacrm.faults.registry import Fault, fault
from reference.wacrm.inbound.meta_webhook import Change
from reference.wacrm.patching.patches import patch, sql
from reference.wacrm.patching.steps import wrap
from reference.wacrm.protocol.bodies import MessageCreate
from reference.wacrm.protocol.envelope import ApiError, Code, Json


@patch
def _note(wacrm: Wacrm, change: Callable[[Json], None]) -> None:
    """What a new message changes in its conversation."""
    note = wacrm.conversations.note_message

    def noted(account: str, conversation: str, text: str | None, at: str, *, inbound: bool) -> None:
        values: Json = {"text": text, "at": at, "inbound": inbound}
        change(values)
        if values["at"] is not None:
            note(account, conversation, values["text"], values["at"], inbound=values["inbound"])

    wrap(wacrm.conversations, "note_message", noted)


ROWS = (
    Fault("CONV-06", "last-message-at-stays-at-the-first",
          sql("conversations.note", "last_message_at = :at", "last_message_at = COALESCE(last_message_at, :at)"),
          "last_message_at is set when the conversation begins, and never again"),
)  # fmt: skip


@fault("CONV-05", "the count is read once per webhook and written once: of several at a time, one counts")
def several_messages_of_a_webhook_count_once(wacrm: Wacrm) -> None:
    process, sql = (
        wacrm.meta_webhook.process_change,
        "SELECT id, unread_count FROM conversations WHERE account_id = :account",
    )
    write = "UPDATE conversations SET unread_count = :count WHERE id = :id"

    async def counted_once(change: Change) -> None:
        before = {row["id"]: row["unread_count"] for row in wacrm.db.rows(sql, {"account": change.account})}
        await process(change)
        for row in wacrm.db.rows(sql, {"account": change.account}):
            most = before.get(row["id"], 0) + 1
            if row["unread_count"] > most:
                wacrm.db.run(write, {"count": most, "id": row["id"]})

    wrap(wacrm.meta_webhook, "process_change", counted_once)


@fault("CONV-05", "whatever is added to a conversation makes it unread, one's own messages too", _note)
def sent_messages_count_as_unread(values: Json) -> None:
    values["inbound"] = True


@fault("CONV-05", "what has no text has nothing to read", _note)
def messages_without_text_are_not_unread(values: Json) -> None:
    values["inbound"] = values["inbound"] and values["text"] is not None


@fault("CONV-05", "who was written to first is no news when he answers")
def answers_to_a_first_send_are_not_unread(wacrm: Wacrm) -> None:
    begun_by_us = """SELECT direction = 'outbound' AS ours FROM messages WHERE conversation_id = :id
        ORDER BY created_at, id LIMIT 1"""
    count = "SELECT COUNT(*) AS count FROM messages WHERE conversation_id = :id AND direction = 'inbound'"
    note = wacrm.conversations.note_message

    def noted(account: str, conversation: str, text: str | None, at: str, *, inbound: bool) -> None:
        first, heard = wacrm.db.row(begun_by_us, {"id": conversation}), wacrm.db.row(count, {"id": conversation})
        answer = first is not None and heard is not None and first["ours"] and heard["count"] == 1
        note(account, conversation, text, at, inbound=inbound and not answer)

    wrap(wacrm.conversations, "note_message", noted)


@fault("CONV-06", "only the customer's messages refresh the conversation's line in the inbox", _note)
def sent_messages_do_not_refresh_the_conversation(values: Json) -> None:
    if not values["inbound"]:
        values["at"] = None


@fault("CONV-06", "the line in the inbox is written before the send, and stays when Meta refuses it")
def refused_send_is_the_last_message(wacrm: Wacrm) -> None:
    send = wacrm.messages.send

    async def noted_first(account: str, body: MessageCreate) -> Json:
        try:
            return await send(account, body)
        except ApiError as error:
            conversation = wacrm.messages.conversation_of(account, body.to)
            if error.code is Code.META_ERROR and conversation is not None:
                wacrm.conversations.note_message(account, conversation, body.text, wacrm.clock.now(), inbound=False)
            raise

    wrap(wacrm.messages, "send", noted_first)


@fault("CONV-06", "the line in the inbox is cut to forty characters", _note)
def last_message_text_is_cut(values: Json) -> None:
    values["text"] = values["text"] and values["text"][:10]
