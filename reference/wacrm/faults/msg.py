"""MSG: sending."""

import asyncio
import html
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

import httpx

from reference.wacrm.assembly import Wacrm
from reference.wacrm.bodies import B, MessageCreate, MessageType, Template, TemplateParams
from reference.wacrm.envelope import ApiError, Code, Json
from reference.wacrm.faults.registry import fault
from reference.wacrm.faults.steps import patch, reshape, restatus
from reference.wacrm.graph import SendError
from reference.wacrm.operations import Operation
from reference.wacrm.settings import WhatsApp
from reference.wacrm.statuses import Status
from reference.wacrm.storage import Row


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


def _compose(wacrm: Wacrm, change: Callable[[MessageCreate, Json], Json]) -> None:
    """What Meta is sent for a message of the API; broadcasts are composed from templates directly."""
    payload = wacrm.composer.payload

    def changed(body: MessageCreate) -> Json:
        return change(body, payload(body))

    patch(wacrm.composer, "payload", changed)


@fault("MSG-02", "documents go through the queue and through the direct path")
def documents_are_sent_twice(wacrm: Wacrm) -> None:
    send = wacrm.sender.send

    async def twice(account: str, whatsapp: WhatsApp, body: Json) -> str:
        if body["type"] == "document":
            await send(account, whatsapp, body)
        return await send(account, whatsapp, body)

    patch(wacrm.sender, "send", twice)


@fault("MSG-02", "a trunk zero is put behind the country code of British numbers")
def british_numbers_get_a_trunk_zero(wacrm: Wacrm) -> None:
    envelope = wacrm.composer.envelope

    def misdirected(to: str, kind: str, payload: Json, quoted: str | None = None) -> Json:
        wrong = f"440{to[2:]}" if to.startswith("44") and kind != "template" else to
        return envelope(wrong, kind, payload, quoted)

    patch(wacrm.composer, "envelope", misdirected)


@fault("MSG-02", "a link in a text is wrapped for counting clicks")
def links_in_text_are_wrapped(wacrm: Wacrm) -> None:
    def wrapped(body: MessageCreate, payload: Json) -> Json:
        if body.type is not MessageType.TEXT:
            return payload
        return {"body": payload["body"].replace("https://", "https://l.wacrm.invalid/?u=https://")}

    _compose(wacrm, wrapped)


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

    patch(wacrm.messages, "send", remembered)


@fault("MSG-03", "the file name is read for every type but the one that has it")
def document_filename_is_dropped(wacrm: Wacrm) -> None:
    _compose(wacrm, lambda _body, payload: {name: value for name, value in payload.items() if name != "filename"})


@fault("MSG-03", "captions are for images")
def video_caption_is_dropped(wacrm: Wacrm) -> None:
    def uncaptioned(body: MessageCreate, payload: Json) -> Json:
        is_video = body.type is MessageType.VIDEO
        return {name: value for name, value in payload.items() if not (is_video and name == "caption")}

    _compose(wacrm, uncaptioned)


@fault("MSG-03", "the template's language is the account's, not the request's")
def template_language_is_always_english(wacrm: Wacrm) -> None:
    template = wacrm.composer.template

    def english(chosen: Template) -> Json:
        return template(chosen.model_copy(update={"language": "en_US"}))

    patch(wacrm.composer, "template", english)


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

    patch(wacrm.composer, "template", shortened)


@fault("MSG-03", "the link of an image ends where its fragment begins")
def image_link_loses_its_fragment(wacrm: Wacrm) -> None:
    def cut(body: MessageCreate, payload: Json) -> Json:
        return payload | {"link": payload["link"].split("#")[0]} if body.type is MessageType.IMAGE else payload

    _compose(wacrm, cut)


@fault("MSG-03", "template values are escaped as if they went into a page")
def template_values_are_escaped(wacrm: Wacrm) -> None:
    value = wacrm.composer.value
    patch(wacrm.composer, "value", lambda text: value(html.escape(text)))


@fault("MSG-04", "the link of a video is checked by Meta only")
def video_without_link_reaches_meta(wacrm: Wacrm) -> None:
    media = wacrm.composer.media

    def unchecked(body: MessageCreate) -> Json:
        if body.type is MessageType.VIDEO and not body.media_url:
            return {"link": "https://media.wacrm.invalid/undefined"}
        return media(body)

    patch(wacrm.composer, "media", unchecked)


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

    patch(wacrm.messages, "send", resolved_first)


@fault("MSG-04", "an audio message without a link is sent as the text that it has none of")
def audio_without_link_is_sent_as_text(wacrm: Wacrm) -> None:
    send = wacrm.messages.send

    async def lenient(account: str, body: MessageCreate) -> Json:
        if body.type is MessageType.AUDIO and not body.media_url:
            body = body.model_copy(update={"type": MessageType.TEXT, "text": body.text or "[audio]"})
        return await send(account, body)

    patch(wacrm.messages, "send", lenient)


@fault("MSG-04", "a number as text is made one")
def number_is_taken_for_text(wacrm: Wacrm) -> None:
    validate = wacrm.bodies.validate

    def coerced(body: dict[str, Any], model: type[B]) -> B:
        text = body.get("text")
        is_number = model is MessageCreate and isinstance(text, int) and not isinstance(text, bool)
        return validate(body | {"text": str(text)} if is_number else body, model)

    patch(wacrm.bodies, "validate", coerced)


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


@fault("MSG-06", "the quoted message must be the account's, in whatever conversation")
def message_of_another_conversation_can_be_quoted(wacrm: Wacrm) -> None:
    quoted = wacrm.messages.quoted

    def anywhere(account: str, body: MessageCreate) -> Row | None:
        row = wacrm.messages.find(account, (body.reply_to_message_id or "").lower())
        return row or quoted(account, body)

    patch(wacrm.messages, "quoted", anywhere)


@fault("MSG-06", "the quote is put into texts only")
def media_messages_quote_nothing(wacrm: Wacrm) -> None:
    envelope = wacrm.composer.envelope

    def unquoted(to: str, kind: str, payload: Json, quoted: str | None = None) -> Json:
        return envelope(to, kind, payload, quoted if kind in {"text", "template"} else None)

    patch(wacrm.composer, "envelope", unquoted)


@fault("MSG-06", "Meta is given the row's id for the quoted message")
def quote_names_the_row(wacrm: Wacrm) -> None:
    quoted = wacrm.messages.quoted

    def by_row(account: str, body: MessageCreate) -> Any:  # noqa: ANN401 - a row with another wamid is no row
        row = quoted(account, body)
        return dict(row) | {"wamid": row["id"]} if row is not None else None

    patch(wacrm.messages, "quoted", by_row)


@fault("MSG-06", "a message that is not found is not quoted, and the reply goes out without it")
def unknown_quote_is_left_out(wacrm: Wacrm) -> None:
    quoted = wacrm.messages.quoted

    def lenient(account: str, body: MessageCreate) -> Row | None:
        known = wacrm.messages.find(account, (body.reply_to_message_id or "").lower())
        return quoted(account, body) if known is not None else None

    patch(wacrm.messages, "quoted", lenient)


@fault("MSG-07", "an account without WhatsApp fails like a send that Meta refused")
def missing_whatsapp_is_a_meta_error(wacrm: Wacrm) -> None:
    _not_configured(wacrm, Code.META_ERROR)


@fault("MSG-07", "an account without WhatsApp fails like a bad body")
def missing_whatsapp_is_a_bad_request(wacrm: Wacrm) -> None:
    _not_configured(wacrm, Code.BAD_REQUEST)


def _not_configured(wacrm: Wacrm, code: Code) -> None:
    send = wacrm.messages.send

    async def recoded(account: str, body: MessageCreate) -> Json:
        try:
            return await send(account, body)
        except ApiError as error:
            if error.code is Code.WHATSAPP_NOT_CONFIGURED:
                raise ApiError(code, error.message) from None
            raise

    patch(wacrm.messages, "send", recoded)


def _refused(wacrm: Wacrm, handle: Callable[[str, MessageCreate, ApiError], None]) -> None:
    send = wacrm.messages.send

    async def handled(account: str, body: MessageCreate) -> Json:
        try:
            return await send(account, body)
        except ApiError as error:
            if error.code is Code.META_ERROR:
                handle(account, body, error)
            raise

    patch(wacrm.messages, "send", handled)


@fault("MSG-08", "the row is written before the send, as sent, and stays when Meta refuses")
def refused_message_is_stored_as_sent(wacrm: Wacrm) -> None:
    def stored(account: str, body: MessageCreate, _error: ApiError) -> None:
        wacrm.messages.record(account, body, f"wamid.pending.{uuid4()}", None)

    _refused(wacrm, stored)


@fault("MSG-08", "Meta's refusal of a template is taken for a bug of one's own")
def refused_template_is_internal(wacrm: Wacrm) -> None:
    def internal(_account: str, body: MessageCreate, error: ApiError) -> None:
        if body.type is MessageType.TEMPLATE:
            raise ApiError(Code.INTERNAL, error.message)

    _refused(wacrm, internal)


@fault("MSG-08", "Meta's refusal is passed on with Meta's status")
def refused_message_is_a_bad_request(wacrm: Wacrm) -> None:
    def passed_on(_account: str, _body: MessageCreate, error: ApiError) -> None:
        if "reached" not in error.message and "answer" not in error.message:
            raise ApiError(Code.BAD_REQUEST, error.message)

    _refused(wacrm, passed_on)


@fault("MSG-08", "Meta's throttling is passed on as one's own")
def throttling_is_passed_on(wacrm: Wacrm) -> None:
    wamid = wacrm.graph.wamid

    def passed_on(response: httpx.Response) -> str:
        if response.status_code == 429:  # noqa: PLR2004 - a status
            raise ApiError(Code.RATE_LIMITED, "Too many requests.")
        return wamid(response)

    patch(wacrm.graph, "wamid", passed_on)


@fault("MSG-08", "what is no JSON is taken for a bug of one's own")
def refusal_in_html_is_internal(wacrm: Wacrm) -> None:
    wamid = wacrm.graph.wamid

    def parsed(response: httpx.Response) -> str:
        if not response.is_success:
            response.json()
        return wamid(response)

    patch(wacrm.graph, "wamid", parsed)


@fault("MSG-09", "Meta is given half a second, and a message that it took later is reported as failed")
def slow_answer_is_reported_as_failed(wacrm: Wacrm) -> None:
    _impatient(wacrm, 0.5)


@fault("MSG-09", "the send is abandoned when the client's patience is estimated to be over")
def answer_after_two_seconds_is_reported_as_failed(wacrm: Wacrm) -> None:
    _impatient(wacrm, 2.0)


def _impatient(wacrm: Wacrm, seconds: float) -> None:
    """Sends of the API give up early; the message goes out all the same."""
    send, running = wacrm.messages.send, set[asyncio.Task[Json]]()

    async def impatient(account: str, body: MessageCreate) -> Json:
        task = asyncio.create_task(send(account, body))
        running.add(task)
        task.add_done_callback(running.discard)
        done, _ = await asyncio.wait({task}, timeout=seconds)
        if not done:
            task.cancel()
            raise ApiError(Code.META_ERROR, "Meta API error: no answer in time")
        return task.result()

    patch(wacrm.messages, "send", impatient)


@fault("MSG-09", "long texts do not fit the column, and the row's failure is answered after Meta took the message")
def long_text_fails_after_it_was_sent(wacrm: Wacrm) -> None:
    record = wacrm.messages.record

    def overflowing(account: str, body: MessageCreate, wamid: str, quoted: Row | None) -> Json:
        if body.text is not None and len(body.text) > 2000:  # noqa: PLR2004 - the column's width
            raise ApiError(Code.META_ERROR, "Meta API error: the message could not be stored")
        return record(account, body, wamid, quoted)

    patch(wacrm.messages, "record", overflowing)


@fault("MSG-09", "a message that Meta holds for a while is reported as refused")
def held_message_is_reported_as_failed(wacrm: Wacrm) -> None:
    wamid = wacrm.graph.wamid

    def impatient(response: httpx.Response) -> str:
        if response.is_success and '"held_for_quality_assessment"' in response.text:
            raise SendError("Meta API error: the message is held")
        return wamid(response)

    patch(wacrm.graph, "wamid", impatient)


def _status(wacrm: Wacrm, take: Callable[[Row, str], bool]) -> None:
    """Which of Meta's reports reach a message's row."""
    apply = wacrm.messages.apply_status

    def filtered(account: str, wamid: str, status: str) -> bool:
        row = wacrm.messages.find_wamid(account, wamid)
        return True if row is not None and not take(row, status) else apply(account, wamid, status)

    patch(wacrm.messages, "apply_status", filtered)


@fault("MSG-10", "failures are logged, and the row is left alone")
def failed_status_is_ignored(wacrm: Wacrm) -> None:
    _status(wacrm, lambda _row, status: status != Status.FAILED)


@fault("MSG-10", "statuses of media messages are looked for in another table")
def statuses_of_media_are_ignored(wacrm: Wacrm) -> None:
    _status(wacrm, lambda row, _status: row["media_url"] is None)


@fault("MSG-10", "read is a status of the inbox's own, not of Meta's")
def read_status_is_ignored(wacrm: Wacrm) -> None:
    _status(wacrm, lambda _row, status: status != Status.READ)


@fault("MSG-10", "a status that comes before Meta's answer finds no message, and is dropped")
def early_statuses_are_dropped(wacrm: Wacrm) -> None:
    def dropped(_account: str, _wamid: str) -> list[str]:
        return []

    patch(wacrm.early, "claim", dropped)


@fault("MSG-10", "read is believed of messages that were delivered, and Meta may leave that out")
def read_without_delivered_is_ignored(wacrm: Wacrm) -> None:
    _status(wacrm, lambda row, status: status != Status.READ or row["status"] == Status.DELIVERED)


def _backwards(wacrm: Wacrm, goes_back: Callable[[Row, str], bool]) -> None:
    """Reports that come late are believed."""
    apply = wacrm.messages.apply_status
    sql = "UPDATE messages SET status = :status WHERE id = :id"

    def believed(account: str, wamid: str, status: str) -> bool:
        row = wacrm.messages.find_wamid(account, wamid)
        known = apply(account, wamid, status)
        if row is not None and row["direction"] == "outbound" and goes_back(row, status):
            wacrm.db.run(sql, {"status": status, "id": row["id"]})
        return known

    patch(wacrm.messages, "apply_status", believed)


@fault("MSG-11", "the last webhook wins: a late delivered takes read back")
def late_delivered_takes_read_back(wacrm: Wacrm) -> None:
    _backwards(wacrm, lambda row, status: (row["status"], status) == (Status.READ, Status.DELIVERED))


@fault("MSG-11", "the last webhook wins: a late sent takes delivered back")
def late_sent_takes_delivered_back(wacrm: Wacrm) -> None:
    _backwards(wacrm, lambda row, status: (row["status"], status) == (Status.DELIVERED, Status.SENT))


@fault("MSG-11", "the last webhook wins: a late sent makes a failed message a sent one")
def late_sent_takes_failed_back(wacrm: Wacrm) -> None:
    _backwards(wacrm, lambda row, status: (row["status"], status) == (Status.FAILED, Status.SENT))


@fault("MSG-11", "statuses that came before Meta's answer are applied without a look at their order")
def early_statuses_are_applied_as_they_came(wacrm: Wacrm) -> None:
    claim, record = wacrm.early.claim, wacrm.messages.record
    sql = "UPDATE messages SET status = :status WHERE account_id = :account AND wamid = :wamid"

    def remembered(account: str, wamid: str) -> list[str]:
        came[wamid] = claim(account, wamid)
        return came[wamid]

    def overwritten(account: str, body: MessageCreate, wamid: str, quoted: Row | None) -> Json:
        data = record(account, body, wamid, quoted)
        for status in came.get(wamid, []):
            wacrm.db.run(sql, {"status": status, "account": account, "wamid": wamid})
        return data

    came: dict[str, list[str]] = {}
    patch(wacrm.early, "claim", remembered)
    patch(wacrm.messages, "record", overwritten)


def _text(wacrm: Wacrm, change: Callable[[str], str]) -> None:
    send = wacrm.messages.send

    async def changed(account: str, body: MessageCreate) -> Json:
        if body.type is MessageType.TEXT and body.text:
            body = body.model_copy(update={"text": change(body.text)})
        return await send(account, body)

    patch(wacrm.messages, "send", changed)


@fault("MSG-12", "text is normalised to composed characters")
def text_is_composed(wacrm: Wacrm) -> None:
    _text(wacrm, lambda text: unicodedata.normalize("NFC", text))


@fault("MSG-12", "line breaks are written in one way")
def line_breaks_are_unified(wacrm: Wacrm) -> None:
    _text(wacrm, lambda text: "\n".join(text.splitlines()))


@fault("MSG-12", "length is counted in bytes, of which an accented letter has two")
def length_is_counted_in_bytes(wacrm: Wacrm) -> None:
    text_of = wacrm.composer.text

    def counted(text: str | None) -> Json:
        if text and len(text.encode()) > 4096:  # noqa: PLR2004 - the limit, of the wrong unit
            raise ApiError(Code.BAD_REQUEST, "text must not be longer than 4096 characters.")
        return text_of(text)

    patch(wacrm.composer, "text", counted)


@fault("MSG-12", "text is trimmed before it is sent and stored")
def text_is_trimmed(wacrm: Wacrm) -> None:
    _text(wacrm, str.strip)


@fault("MSG-12", "what cannot be seen is taken out")
def invisible_characters_are_removed(wacrm: Wacrm) -> None:
    _text(wacrm, lambda text: "".join(c for c in text if unicodedata.category(c) != "Cf"))


@fault("MSG-12", "the inbox's column holds 4,000 characters")
def long_text_is_cut_on_the_read_side(wacrm: Wacrm) -> None:
    present = wacrm.messages.present

    def cut(row: Row) -> Json:
        shown = present(row)
        return shown | {"content_text": shown["content_text"][:4000] if shown["content_text"] else None}

    patch(wacrm.messages, "present", cut)


@fault("MSG-12", "text that is too long is cut, and sent")
def long_text_is_cut(wacrm: Wacrm) -> None:
    _text(wacrm, lambda text: text[:4096])


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


_FOREVER = 45.0


@fault("MSG-14", "requests to Meta have no timeout")
def silent_meta_hangs_the_send(wacrm: Wacrm) -> None:
    wacrm.graph.patience(_FOREVER)


@fault("MSG-14", "a Meta that cannot be reached is tried again and again, with growing pauses, while the client waits")
def unreachable_meta_is_tried_for_minutes(wacrm: Wacrm) -> None:
    post = wacrm.graph.post

    async def patient(url: str, body: Json, headers: Mapping[str, str]) -> httpx.Response:
        try:
            return await post(url, body, headers)
        except SendError:
            await asyncio.sleep(_FOREVER)
            raise

    patch(wacrm.graph, "post", patient)


def _unknown_type(wacrm: Wacrm, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    validate, known = wacrm.bodies.validate, {kind.value for kind in MessageType}

    def lenient(body: dict[str, Any], model: type[B]) -> B:
        if model is MessageCreate and isinstance(body.get("type"), str) and body["type"] not in known:
            body = change(body)
        return validate(body, model)

    patch(wacrm.bodies, "validate", lenient)


@fault("MSG-14", "templates are sent by an older module, whose requests have no timeout")
def silent_meta_hangs_templates(wacrm: Wacrm) -> None:
    post = wacrm.graph.post

    async def patient(url: str, body: Json, headers: Mapping[str, str]) -> httpx.Response:
        try:
            return await post(url, body, headers)
        except SendError:
            await asyncio.sleep(_FOREVER if body["type"] == "template" else 0)
            raise

    patch(wacrm.graph, "post", patient)


@fault("MSG-15", "a type that is not known falls back to the default")
def unknown_type_is_sent_as_text(wacrm: Wacrm) -> None:
    _unknown_type(wacrm, lambda body: body | {"type": "text", "text": body.get("text") or "-"})


@fault("MSG-15", "types are compared without case")
def type_is_compared_without_case(wacrm: Wacrm) -> None:
    _unknown_type(wacrm, lambda body: body | {"type": body["type"].lower().strip()})


@fault("MSG-15", "a sticker is an image to the sender")
def sticker_is_sent_as_image(wacrm: Wacrm) -> None:
    link = "https://media.wacrm.invalid/sticker.webp"

    def as_image(body: dict[str, Any]) -> dict[str, Any]:
        return (
            body | {"type": "image", "media_url": body.get("media_url") or link} if body["type"] == "sticker" else body
        )

    _unknown_type(wacrm, as_image)


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
