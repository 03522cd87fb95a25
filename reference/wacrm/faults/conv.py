"""CONV: conversations and their messages."""

from collections.abc import Callable
from dataclasses import replace

from reference.wacrm.assembly import Wacrm
from reference.wacrm.domain.messages import Draft
from reference.wacrm.faults.registry import fault
from reference.wacrm.faults.steps import patch, reshape, rewrite
from reference.wacrm.inbound.customer_messages import Content
from reference.wacrm.inbound.meta_webhook import Change
from reference.wacrm.protocol.bodies import MessageCreate
from reference.wacrm.protocol.envelope import ApiError, Code, Json
from reference.wacrm.protocol.operations import Operation
from reference.wacrm.storage.database import Row
from reference.wacrm.storage.keyset_pages import Window


@fault("CONV-01", "the list embeds contacts without the second join")
def conversation_list_embeds_no_tags(wacrm: Wacrm) -> None:
    def untagged(body: Json) -> None:
        for conversation in body["data"]:
            conversation["contact"]["tags"] = []

    reshape(wacrm, Operation.LIST_CONVERSATIONS, untagged, status=200)


@fault("CONV-01", "members that are null are left out of the single read")
def read_conversation_leaves_nulls_out(wacrm: Wacrm) -> None:
    def compact(body: Json) -> None:
        body["data"] = {name: value for name, value in body["data"].items() if value is not None}

    reshape(wacrm, Operation.READ_CONVERSATION, compact, status=200)


@fault("CONV-01", "the embedded contact is given by its id")
def read_conversation_names_the_conversation_as_contact(wacrm: Wacrm) -> None:
    def confused(body: Json) -> None:
        body["data"]["contact"]["id"] = body["data"]["id"]

    reshape(wacrm, Operation.READ_CONVERSATION, confused, status=200)


@fault("CONV-01", "the tags of a page are read for its first contact, and shown for all")
def conversation_list_embeds_the_first_contacts_tags(wacrm: Wacrm) -> None:
    def mixed(body: Json) -> None:
        for conversation in body["data"]:
            conversation["contact"]["tags"] = body["data"][0]["contact"]["tags"]

    reshape(wacrm, Operation.LIST_CONVERSATIONS, mixed, status=200)


@fault("CONV-02", "the status is validated, and not used")
def status_filter_is_ignored(wacrm: Wacrm) -> None:
    rewrite(wacrm.conversations.sql, "page", "AND (:status IS NULL OR v.status = :status) ", "")


@fault("CONV-02", "an unknown status is dropped, and everything is shown")
def unknown_status_shows_everything(wacrm: Wacrm) -> None:
    status_filter = wacrm.conversations.status_filter

    def lenient(text: str | None) -> str | None:
        try:
            return status_filter(text)
        except ApiError:
            return None

    patch(wacrm.conversations, "status_filter", lenient)


@fault("CONV-02", "the contact is ignored when a status is given as well")
def contact_filter_gives_way_to_status(wacrm: Wacrm) -> None:
    page = wacrm.conversations.page

    def either(account: str, window: Window, status: str | None, contact: str | None) -> list[Row]:
        return page(account, window, status, None if status else contact)

    patch(wacrm.conversations, "page", either)


@fault("CONV-03", "the list is the account's, and not the conversation's")
def message_list_holds_the_whole_accounts_messages(wacrm: Wacrm) -> None:
    rewrite(wacrm.messages.sql, "page", "AND conversation_id = :conversation", "AND :conversation IS NOT NULL")


@fault("CONV-03", "messages of type template are left to another table")
def message_list_leaves_templates_out(wacrm: Wacrm) -> None:
    kept = "AND conversation_id = :conversation AND content_type <> 'template'"
    rewrite(wacrm.messages.sql, "page", "AND conversation_id = :conversation", kept)


@fault("CONV-03", "what was not delivered is left out")
def message_list_leaves_failed_messages_out(wacrm: Wacrm) -> None:
    kept = "AND conversation_id = :conversation AND status <> 'failed'"
    rewrite(wacrm.messages.sql, "page", "AND conversation_id = :conversation", kept)


def _store(wacrm: Wacrm, direction: str, change: Callable[[Draft], Draft]) -> None:
    """Messages of one direction are stored otherwise."""
    add = wacrm.messages.add

    def changed(account: str, conversation: str, draft: Draft) -> str | None:
        return add(account, conversation, change(draft) if draft.direction == direction else draft)

    patch(wacrm.messages, "add", changed)


@fault("CONV-04", "the sender is named after the table that it is found in")
def inbound_sender_is_called_contact(wacrm: Wacrm) -> None:
    _store(wacrm, "inbound", lambda draft: replace(draft, sender_type="contact"))


@fault("CONV-04", "the status column's default applies to what comes in")
def inbound_status_is_delivered(wacrm: Wacrm) -> None:
    _store(wacrm, "inbound", lambda draft: replace(draft, status="delivered"))


@fault("CONV-04", "the text of a customer is cleaned of what looks like markup")
def inbound_text_is_trimmed(wacrm: Wacrm) -> None:
    def trimmed(draft: Draft) -> Draft:
        return replace(draft, content_text=" ".join(draft.content_text.split()) if draft.content_text else None)

    _store(wacrm, "inbound", trimmed)


@fault("CONV-03", "what a customer quotes is not looked up")
def inbound_reply_names_no_message(wacrm: Wacrm) -> None:
    _store(wacrm, "inbound", lambda draft: replace(draft, reply_to=None))


@fault("CONV-05", "the count is read once per webhook and written once: of several at a time, one counts")
def several_messages_of_a_webhook_count_once(wacrm: Wacrm) -> None:
    process, sql = wacrm.inbox.process_change, "SELECT id, unread_count FROM conversations WHERE account_id = :account"
    write = "UPDATE conversations SET unread_count = :count WHERE id = :id"

    async def counted_once(change: Change) -> None:
        before = {row["id"]: row["unread_count"] for row in wacrm.db.rows(sql, {"account": change.account})}
        await process(change)
        for row in wacrm.db.rows(sql, {"account": change.account}):
            most = before.get(row["id"], 0) + 1
            if row["unread_count"] > most:
                wacrm.db.run(write, {"count": most, "id": row["id"]})

    patch(wacrm.inbox, "process_change", counted_once)


def _note(wacrm: Wacrm, change: Callable[[Json], None]) -> None:
    """What a new message changes in its conversation."""
    note = wacrm.conversations.note_message

    def noted(account: str, conversation: str, text: str | None, at: str, *, inbound: bool) -> None:
        values: Json = {"text": text, "at": at, "inbound": inbound}
        change(values)
        if values["at"] is not None:
            note(account, conversation, values["text"], values["at"], inbound=values["inbound"])

    patch(wacrm.conversations, "note_message", noted)


@fault("CONV-05", "whatever is added to a conversation makes it unread, one's own messages too")
def sent_messages_count_as_unread(wacrm: Wacrm) -> None:
    def unread(values: Json) -> None:
        values["inbound"] = True

    _note(wacrm, unread)


@fault("CONV-05", "what has no text has nothing to read")
def messages_without_text_are_not_unread(wacrm: Wacrm) -> None:
    def unread(values: Json) -> None:
        values["inbound"] = values["inbound"] and values["text"] is not None

    _note(wacrm, unread)


@fault("CONV-06", "only the customer's messages refresh the conversation's line in the inbox")
def sent_messages_do_not_refresh_the_conversation(wacrm: Wacrm) -> None:
    def ignored(values: Json) -> None:
        if not values["inbound"]:
            values["at"] = None

    _note(wacrm, ignored)


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

    patch(wacrm.messages, "send", noted_first)


@fault("CONV-06", "the line in the inbox is cut to forty characters")
def last_message_text_is_cut(wacrm: Wacrm) -> None:
    def cut(values: Json) -> None:
        values["text"] = values["text"] and values["text"][:10]

    _note(wacrm, cut)


@fault("CONV-06", "last_message_at is set when the conversation begins, and never again")
def last_message_at_stays_at_the_first(wacrm: Wacrm) -> None:
    rewrite(
        wacrm.conversations.sql, "note", "last_message_at = :at", "last_message_at = COALESCE(last_message_at, :at)"
    )


def _read(wacrm: Wacrm, kind: str, read: Callable[[Json, Content], Content | None]) -> None:
    """A customer's messages of one type are read otherwise; None loses them."""
    content = wacrm.inbound.content

    def otherwise(item: Json) -> Content:
        right = content(item)
        if item.get("type") != kind:
            return right
        other = read(item, right)
        if other is None:
            raise NotImplementedError(kind)
        return other

    patch(wacrm.inbound, "content", otherwise)


@fault("CONV-07", "a location has no text, and what has no text is not stored")
def inbound_locations_are_lost(wacrm: Wacrm) -> None:
    _read(wacrm, "location", lambda _item, _right: None)


@fault("CONV-07", "the caption is read for images, and not for documents")
def inbound_document_captions_are_lost(wacrm: Wacrm) -> None:
    _read(wacrm, "document", lambda _item, right: replace(right, text=None))


@fault("CONV-07", "a list reply is no button reply, and falls through")
def inbound_list_replies_are_unsupported(wacrm: Wacrm) -> None:
    def fallen(item: Json, right: Content) -> Content:
        return Content("unsupported") if item.get("interactive", {}).get("type") == "list_reply" else right

    _read(wacrm, "interactive", fallen)


@fault("CONV-07", "a type that nobody thought of is skipped")
def inbound_contact_cards_are_lost(wacrm: Wacrm) -> None:
    _read(wacrm, "contacts", lambda _item, _right: None)


@fault("CONV-07", "a voice message is a document to the inbox")
def inbound_audio_is_a_document(wacrm: Wacrm) -> None:
    _read(wacrm, "audio", lambda _item, right: replace(right, type="document"))


@fault("CONV-07", "a location is stored under its name, and a pin on the map has none")
def inbound_locations_without_name_are_lost(wacrm: Wacrm) -> None:
    _read(wacrm, "location", lambda item, right: right if item["location"].get("name") else None)


@fault("CONV-08", "the quoted message is sent to Meta, and not stored")
def sent_reply_is_stored_without_its_quote(wacrm: Wacrm) -> None:
    _store(wacrm, "outbound", lambda draft: replace(draft, reply_to=None))


@fault("CONV-08", "the template's name is stored in the broadcast's table only")
def sent_template_is_stored_without_its_name(wacrm: Wacrm) -> None:
    _store(wacrm, "outbound", lambda draft: replace(draft, template_name=None))


@fault("CONV-08", "the caption goes to Meta, and not into the row")
def sent_caption_is_not_stored(wacrm: Wacrm) -> None:
    draft = wacrm.messages.draft

    def uncaptioned(body: MessageCreate, wamid: str, quoted: Row | None) -> Draft:
        made = draft(body, wamid, quoted)
        return replace(made, content_text=None) if made.media_url else made

    patch(wacrm.messages, "draft", uncaptioned)


@fault("CONV-09", "a list reply is stored by its title, its id is dropped")
def list_reply_loses_its_id(wacrm: Wacrm) -> None:
    def untold(item: Json, right: Content) -> Content:
        is_list = item.get("interactive", {}).get("type") == "list_reply"
        return replace(right, reply_id=right.text) if is_list else right

    _read(wacrm, "interactive", untold)


@fault("CONV-09", "the quoted message's id is put where a choice belongs")
def text_replies_carry_a_reply_id(wacrm: Wacrm) -> None:
    def quoting(draft: Draft) -> Draft:
        is_plain = draft.content_type == "text" and draft.quoted_wamid is not None
        return replace(draft, reply_id=draft.quoted_wamid) if is_plain else draft

    _store(wacrm, "inbound", quoting)


@fault("CONV-09", "ids of choices are put into lower case, to be compared")
def reply_ids_are_lower_cased(wacrm: Wacrm) -> None:
    def lowered(draft: Draft) -> Draft:
        return replace(draft, reply_id=draft.reply_id.lower() if draft.reply_id else None)

    _store(wacrm, "inbound", lowered)


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

    patch(wacrm.conversations, "note_message", noted)


@fault("CONV-09", "the first button is number zero, and zero is falsy")
def button_reply_loses_its_id(wacrm: Wacrm) -> None:
    def untold(item: Json, right: Content) -> Content:
        is_button = item.get("interactive", {}).get("type") == "button_reply"
        return replace(right, reply_id=None) if is_button else right

    _read(wacrm, "interactive", untold)
