"""MSG-02, MSG-03, MSG-12: what reaches Meta of a message."""

import html
import unicodedata
from collections.abc import Callable, Mapping

import httpx

from reference.wacrm.assembly import Wacrm
from reference.wacrm.faults.registry import Fault, fault
from reference.wacrm.meta.graph_client import AnswerLostError
from reference.wacrm.patching.patches import patch
from reference.wacrm.patching.steps import wrap
from reference.wacrm.protocol.bodies import MessageCreate, MessageType, Template, TemplateParams
from reference.wacrm.protocol.envelope import ApiError, Code, Json
from reference.wacrm.settings import WhatsApp
from reference.wacrm.storage.database import Row


@patch
def _compose(wacrm: Wacrm, change: Callable[[MessageCreate, Json], Json]) -> None:
    """What Meta is sent for a message of the API; broadcasts are composed from templates directly."""
    payload = wacrm.composer.payload

    def changed(body: MessageCreate) -> Json:
        return change(body, payload(body))

    wrap(wacrm.composer, "payload", changed)


@patch
def _text(wacrm: Wacrm, change: Callable[[str], str]) -> None:
    send = wacrm.messages.send

    async def changed(account: str, body: MessageCreate) -> Json:
        if body.type is MessageType.TEXT and body.text:
            body = body.model_copy(update={"text": change(body.text)})
        return await send(account, body)

    wrap(wacrm.messages, "send", changed)


ROWS = (
    Fault("MSG-03", "document-filename-is-dropped",
          _compose(lambda _body, payload: {name: value for name, value in payload.items() if name != "filename"}),
          "the file name is read for every type but the one that has it"),
    Fault("MSG-12", "text-is-composed", _text(lambda text: unicodedata.normalize("NFC", text)),
          "text is normalised to composed characters"),
    Fault("MSG-12", "line-breaks-are-unified", _text(lambda text: "\n".join(text.splitlines())),
          "line breaks are written in one way"),
    Fault("MSG-12", "text-is-trimmed", _text(str.strip),
          "text is trimmed before it is sent and stored"),
    Fault("MSG-12", "invisible-characters-are-removed",
          _text(lambda text: "".join(c for c in text if unicodedata.category(c) != "Cf")),
          "invisible characters are removed"),
    Fault("MSG-12", "long-text-is-cut", _text(lambda text: text[:4096]),
          "text that is too long is cut, and sent"),
)  # fmt: skip


@fault("MSG-02", "documents go through the queue and through the direct path")
def documents_are_sent_twice(wacrm: Wacrm) -> None:
    send = wacrm.sender.send

    async def twice(account: str, whatsapp: WhatsApp, body: Json) -> str:
        if body["type"] == "document":
            await send(account, whatsapp, body)
        return await send(account, whatsapp, body)

    wrap(wacrm.sender, "send", twice)


@fault("MSG-02", "the HTTP client tries again when a connection breaks, and Meta had taken the message")
def lost_answer_is_asked_for_again(wacrm: Wacrm) -> None:
    post = wacrm.graph.post

    async def retried(url: str, body: Json, headers: Mapping[str, str]) -> httpx.Response:
        try:
            return await post(url, body, headers)
        except AnswerLostError as error:
            if body["type"] == "template" or "connection was lost" not in str(error):
                raise
            return await post(url, body, headers)

    wrap(wacrm.graph, "post", retried)


@fault("MSG-02", "a trunk zero is put behind the country code of British numbers")
def british_numbers_get_a_trunk_zero(wacrm: Wacrm) -> None:
    envelope = wacrm.composer.envelope

    def misdirected(to: str, kind: str, payload: Json, quoted: str | None = None) -> Json:
        wrong = f"440{to[2:]}" if to.startswith("44") and kind != "template" else to
        return envelope(wrong, kind, payload, quoted)

    wrap(wacrm.composer, "envelope", misdirected)


@fault("MSG-02", "a link in a text is wrapped for counting clicks")
def links_in_text_are_wrapped(wacrm: Wacrm) -> None:
    def wrapped(body: MessageCreate, payload: Json) -> Json:
        if body.type is not MessageType.TEXT:
            return payload
        return {"body": payload["body"].replace("https://", "https://l.wacrm.invalid/?u=https://")}

    _compose(wrapped)(wacrm)


@fault("MSG-02", "a second send of the same text is taken for a client's retry, and answered with the first")
def repeated_text_is_answered_with_the_first(wacrm: Wacrm) -> None:
    send, done = wacrm.messages.send, dict[tuple[str, str, str], Json]()

    async def remembered(account: str, body: MessageCreate) -> Json:
        key = (account, body.to, body.text or "")
        if body.type is not MessageType.TEXT or body.reply_to_message_id is not None or body.name is not None:
            return await send(account, body)
        if key not in done:
            done[key] = await send(account, body)
            return done[key]
        return done[key] | {"contact_created": False}

    wrap(wacrm.messages, "send", remembered)


@fault("MSG-03", "captions are sent with images only", _compose)
def video_caption_is_dropped(body: MessageCreate, payload: Json) -> Json:
    is_video = body.type is MessageType.VIDEO
    return {name: value for name, value in payload.items() if not (is_video and name == "caption")}


@fault("MSG-03", "the template's language is the account's, not the request's")
def template_language_is_always_english(wacrm: Wacrm) -> None:
    template = wacrm.composer.template

    def english(chosen: Template) -> Json:
        return template(chosen.model_copy(update={"language": "en_US"}))

    wrap(wacrm.composer, "template", english)


@fault("MSG-03", "a language is taken for its first two letters")
def template_language_is_cut(wacrm: Wacrm) -> None:
    template = wacrm.composer.template

    def cut(chosen: Template) -> Json:
        return template(chosen.model_copy(update={"language": chosen.language.partition("_")[0]}))

    wrap(wacrm.composer, "template", cut)


@fault("MSG-03", "the last body value is lost by a loop that ends one early")
def last_template_value_is_dropped(wacrm: Wacrm) -> None:
    template = wacrm.composer.template

    def shortened(chosen: Template) -> Json:
        match chosen.params:
            case [*_, _]:
                return template(chosen.model_copy(update={"params": chosen.params[:-1]}))
            case TemplateParams() as params:
                shorter = params.model_copy(update={"body": params.body[:-1]})
                return template(chosen.model_copy(update={"params": shorter}))
        return template(chosen)

    wrap(wacrm.composer, "template", shortened)


@fault("MSG-03", "the link of an image ends where its fragment begins", _compose)
def image_link_loses_its_fragment(body: MessageCreate, payload: Json) -> Json:
    return payload | {"link": payload["link"].split("#")[0]} if body.type is MessageType.IMAGE else payload


@fault("MSG-03", "template values are trimmed")
def template_values_are_trimmed(wacrm: Wacrm) -> None:
    value = wacrm.composer.value
    wrap(wacrm.composer, "value", lambda text: value(text.strip()))


@fault("MSG-03", "template values are escaped as if they went into a page")
def template_values_are_escaped(wacrm: Wacrm) -> None:
    value = wacrm.composer.value
    wrap(wacrm.composer, "value", lambda text: value(html.escape(text)))


@fault("MSG-12", "length is counted in bytes, of which an accented letter has two")
def length_is_counted_in_bytes(wacrm: Wacrm) -> None:
    text_of = wacrm.composer.text

    def counted(text: str | None) -> Json:
        if text and len(text.encode()) > 4096:  # noqa: PLR2004 - the limit, of the wrong unit
            raise ApiError(Code.BAD_REQUEST, "text must not be longer than 4096 characters.")
        return text_of(text)

    wrap(wacrm.composer, "text", counted)


@fault("MSG-12", "the inbox's column holds 4,000 characters")
def long_text_is_cut_on_the_read_side(wacrm: Wacrm) -> None:
    present = wacrm.messages.present

    def cut(row: Row) -> Json:
        shown = present(row)
        return shown | {"content_text": shown["content_text"][:4000] if shown["content_text"] else None}

    wrap(wacrm.messages, "present", cut)
