"""``POST /{phone_number_id}/messages``: sending, mark-as-read, typing (fact sheet 5, 6, 7). The hot path."""

from typing import Any

from mock_meta.business.accounts import Account, PhoneNumber, Template, TemplateCategory
from mock_meta.events.magic_replies import plan_reply
from mock_meta.graph.routes import NodeKind, ResolvedCall, Route
from mock_meta.mock import Mock
from mock_meta.protocol.answer import Answer, success
from mock_meta.protocol.errors import refuse
from mock_meta.protocol.numbers import is_user_id
from mock_meta.protocol.strict_json import decoded
from mock_meta.rules.media import MediaKnown
from mock_meta.rules.message import Message, check_product, read_message
from mock_meta.rules.template_send import read_template
from mock_meta.rules.template_send_match import check_template
from mock_meta.rules.value_checks import as_object, one_of, only, required, text_at
from mock_meta.simulation.conversations import Sent

_TEST_ONLY = "hello_world"


def send(mock: Mock, call: ResolvedCall) -> Answer:
    """Judge a send in Meta's order (5.5) and take it."""
    phone, account = call.phone, call.account
    if not call.readable:
        raise required("messaging_product")

    def media_known(media_id: str) -> bool:
        media = mock.media.find(media_id, mock.clock())
        return media is not None and media.waba_id == account.waba_id

    listed = phone.allowed_recipients
    message = read_message(call.params, media_known, call.problems, any_number=listed is not None)
    check_sender(account, phone, message)
    template = _template(account, message, media_known)
    if template is not None:
        _check_use(template, phone, message)
    mock.limits.check_send(phone, message.wa_id, mock.clock())
    refusal = call.magic.refusal() if call.magic is not None else None
    if refusal is not None:
        raise refusal
    sent = mock.accept(account, phone, message, template, call.magic)
    if call.magic is not None and call.magic.reply is not None:
        plan_reply(mock, account, phone, call.magic.reply, message, template, sent)
    held = template is not None and mock.pacing.holds(template, sent.wamid)
    return _accepted(message, sent, "held_for_quality_assessment" if held else "accepted")


def check_sender(account: Account, phone: PhoneNumber, message: Message) -> None:
    """Registration, lock, display name, allow-list, and nobody writes to himself."""
    if not phone.registered:
        raise refuse(133010)
    if account.locked:
        raise refuse(131031)
    if phone.name_status in {"DECLINED", "PENDING_REVIEW"} and phone.mode == "SANDBOX":
        raise refuse(131037)
    if message.to_group:
        if message.digits not in phone.groups:
            raise refuse(131009, "The group does not exist or the phone number is not in it")
        return
    if phone.allowed_recipients is not None and message.digits not in phone.allowed_recipients:
        raise refuse(131030)
    if message.digits == phone.digits:
        raise refuse(131021)


def _template(account: Account, message: Message, media_known: MediaKnown) -> Template | None:
    if message.type != "template":
        return None
    asked = read_template(message.payload, media_known)
    return check_template(asked, account.template(asked.name, asked.language))


def _check_use(template: Template, phone: PhoneNumber, message: Message) -> None:
    """The sample template is for test numbers, and codes go to numbers, not to user ids."""
    if template.name == _TEST_ONLY and phone.mode != "SANDBOX":
        raise refuse(131058)
    if template.category is TemplateCategory.AUTHENTICATION and is_user_id(message.digits):
        raise refuse(131062)


def _accepted(message: Message, sent: Sent, status: str) -> Answer:
    known_as = "user_id" if is_user_id(sent.wa_id) else "wa_id"
    document: dict[str, Any] = {
        "messaging_product": "whatsapp",
        "contacts": [{"input": message.to, known_as: sent.wa_id}],
        "messages": [{"id": sent.wamid}],
    }
    if message.type == "template":
        document["messages"] = [{"id": sent.wamid, "message_status": status}]
    if message.to_group:
        document["messages"][0]["group_id"] = message.digits
    return Answer(document, wamid=sent.wamid)


def mark_read(mock: Mock, call: ResolvedCall) -> Answer:
    """The read receipt, with or without the typing indicator (section 7)."""
    check_product(call.params)
    one_of(call.params["status"], ("read",), "status")
    wamid = text_at(call.params, "message_id", "", 512)
    if call.params.get("typing_indicator") is not None:
        typing = as_object(decoded(call.params["typing_indicator"]), "typing_indicator")
        only(typing, {"type"}, "typing_indicator")
        one_of(typing.get("type"), ("text",), "typing_indicator['type']")
    _note_unknown(call)
    received = mock.conversations.received.get(wamid)
    if received is None or received.phone_number_id != call.node_id:
        raise refuse(131009, "Message ID is invalid")
    return success()


def _note_unknown(call: ResolvedCall) -> None:
    known = {"messaging_product", "status", "message_id", "typing_indicator", "access_token", "recipient_type"}
    call.problems.extend(f"body: unknown member {name!r}" for name in call.params if name not in known)


def send_or_read(mock: Mock, call: ResolvedCall) -> Answer:
    return mark_read(mock, call) if call.operation == "messages.read" else send(mock, call)


routes = (Route("POST", NodeKind.PHONE, "messages", "messages.send", send_or_read),)
