"""MSG-04, MSG-06, MSG-07, MSG-15: sends that are refused before Meta is asked."""

from collections.abc import Callable
from functools import partial
from typing import Any

from reference.wacrm.assembly import Wacrm
from reference.wacrm.faults.registry import Fault, fault
from reference.wacrm.patching.patches import patch, request_body
from reference.wacrm.patching.steps import wrap
from reference.wacrm.protocol.bodies import MessageCreate, MessageType
from reference.wacrm.protocol.envelope import ApiError, Code, Json
from reference.wacrm.storage.database import Row


@patch
def _not_configured(wacrm: Wacrm, code: Code) -> None:
    send = wacrm.messages.send

    async def recoded(account: str, body: MessageCreate) -> Json:
        try:
            return await send(account, body)
        except ApiError as error:
            if error.code is Code.WHATSAPP_NOT_CONFIGURED:
                raise ApiError(code, error.message) from None
            raise

    wrap(wacrm.messages, "send", recoded)


@patch
def _unknown_type(wacrm: Wacrm, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    known = {kind.value for kind in MessageType}

    def lenient(body: dict[str, Any]) -> dict[str, Any]:
        return change(body) if isinstance(body.get("type"), str) and body["type"] not in known else body

    request_body(MessageCreate, lenient)(wacrm)


ROWS = (
    Fault("MSG-07", "missing-whatsapp-is-a-meta-error", _not_configured(Code.META_ERROR),
          "an account without WhatsApp fails like a send that Meta refused"),
    Fault("MSG-07", "missing-whatsapp-is-a-bad-request", _not_configured(Code.BAD_REQUEST),
          "an account without WhatsApp fails like a bad body"),
    Fault("MSG-15", "unknown-type-is-sent-as-text",
          _unknown_type(lambda body: body | {"type": "text", "text": body.get("text") or "-"}),
          "a type that is not known falls back to the default"),
    Fault("MSG-15", "type-is-compared-without-case", _unknown_type(lambda body: body | {"type": body["type"].lower().strip()}),
          "types are compared without case"),
)  # fmt: skip


@fault("MSG-04", "the link of a video is checked by Meta only")
def video_without_link_reaches_meta(wacrm: Wacrm) -> None:
    media = wacrm.composer.media

    def unchecked(body: MessageCreate) -> Json:
        if body.type is MessageType.VIDEO and not body.media_url:
            return {"link": "https://media.wacrm.invalid/undefined"}
        return media(body)

    wrap(wacrm.composer, "media", unchecked)


@fault("MSG-04", "the contact is looked up, and made, before the template is asked for")
def refused_template_leaves_a_contact(wacrm: Wacrm) -> None:
    send = wacrm.messages.send

    async def resolved_first(account: str, body: MessageCreate) -> Json:
        try:
            return await send(account, body)
        except ApiError as error:
            missing = body.type is MessageType.TEMPLATE and body.template is None
            if error.code is Code.BAD_REQUEST and missing and wacrm.phones.valid(body.to):
                wacrm.contacts.find_or_add(account, body.to, body.name)
            raise

    wrap(wacrm.messages, "send", resolved_first)


@fault("MSG-04", "an audio message without a link is sent as the text that it has none of")
def audio_without_link_is_sent_as_text(wacrm: Wacrm) -> None:
    send = wacrm.messages.send

    async def lenient(account: str, body: MessageCreate) -> Json:
        if body.type is MessageType.AUDIO and not body.media_url:
            body = body.model_copy(update={"type": MessageType.TEXT, "text": body.text or "[audio]"})
        return await send(account, body)

    wrap(wacrm.messages, "send", lenient)


@fault("MSG-04", "a number as text is converted to a string", partial(request_body, MessageCreate))
def number_is_taken_for_text(body: dict[str, Any]) -> dict[str, Any]:
    text = body.get("text")
    return body | {"text": str(text)} if isinstance(text, int) and not isinstance(text, bool) else body


@fault("MSG-06", "the quoted message must be the account's, in whatever conversation")
def message_of_another_conversation_can_be_quoted(wacrm: Wacrm) -> None:
    quoted = wacrm.messages.quoted

    def anywhere(account: str, body: MessageCreate) -> Row | None:
        row = wacrm.messages.find(account, (body.reply_to_message_id or "").lower())
        return row or quoted(account, body)

    wrap(wacrm.messages, "quoted", anywhere)


@fault("MSG-06", "the quote is put into texts only")
def media_messages_quote_nothing(wacrm: Wacrm) -> None:
    envelope = wacrm.composer.envelope

    def unquoted(to: str, kind: str, payload: Json, quoted: str | None = None) -> Json:
        return envelope(to, kind, payload, quoted if kind in {"text", "template"} else None)

    wrap(wacrm.composer, "envelope", unquoted)


@fault("MSG-06", "Meta is given the row's id for the quoted message")
def quote_names_the_row(wacrm: Wacrm) -> None:
    quoted = wacrm.messages.quoted

    def by_row(account: str, body: MessageCreate) -> Any:  # noqa: ANN401 - a row with another wamid is no row
        row = quoted(account, body)
        return dict(row) | {"wamid": row["id"]} if row is not None else None

    wrap(wacrm.messages, "quoted", by_row)


@fault("MSG-06", "a message that is not found is not quoted, and the reply goes out without it")
def unknown_quote_is_left_out(wacrm: Wacrm) -> None:
    quoted = wacrm.messages.quoted

    def lenient(account: str, body: MessageCreate) -> Row | None:
        known = wacrm.messages.find(account, (body.reply_to_message_id or "").lower())
        return quoted(account, body) if known is not None else None

    wrap(wacrm.messages, "quoted", lenient)


@fault("MSG-15", "type sticker is sent as an image")
def sticker_is_sent_as_image(wacrm: Wacrm) -> None:
    link = "https://media.wacrm.invalid/sticker.webp"

    def as_image(body: dict[str, Any]) -> dict[str, Any]:
        return (
            body | {"type": "image", "media_url": body.get("media_url") or link} if body["type"] == "sticker" else body
        )

    _unknown_type(as_image)(wacrm)
