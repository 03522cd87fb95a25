"""What a magic recipient does once he has read the message: writes, or taps what the message offers."""

from collections.abc import Mapping
from typing import Any

from mock_meta.business.accounts import Account, PhoneNumber, Template
from mock_meta.events.inbound import deliver_one
from mock_meta.mock import Mock
from mock_meta.rules.message import Message
from mock_meta.simulation.conversations import Sent
from mock_meta.simulation.magic_numbers import Reply

AFTER = 0.1
"""Seconds from the acceptance of the message."""

Written = dict[str, Any]
_TEXTS = {Reply.TEXT: "Hello", Reply.STOP: "STOP"}


def plan_reply(
    mock: Mock,
    account: Account,
    phone: PhoneNumber,
    reply: Reply,
    message: Message,
    template: Template | None,
    sent: Sent,
) -> None:
    """What the recipient of ``sent`` does; nothing where there is nothing to tap."""
    if reply is Reply.TAP:
        tapped = _template_tap(message, template) if template else _interactive_tap(message)
        written = tapped and {**tapped, "context": {"id": sent.wamid}}
    else:
        written = {"type": "text", "text": {"body": _TEXTS[reply]}}
    if written:
        mock.planned.after(AFTER, deliver_one, mock, account, phone, {"from": sent.wa_id, **written})


def _interactive_tap(message: Message) -> Written:
    """The first reply button, or the first row of a list; empty for what offers neither."""
    if message.type != "interactive":
        return {}
    action = message.payload["action"]
    match message.payload["type"]:
        case "button":
            kind, tapped = "button_reply", action["buttons"][0]["reply"]
        case "list":
            kind, tapped = "list_reply", action["sections"][0]["rows"][0]
        case _:
            return {}
    return {"type": "interactive", "interactive": {"type": kind, kind: dict(tapped)}}


def _template_tap(message: Message, template: Template) -> Written:
    """The first quick-reply button, with the payload that the send gave it or else its label."""
    buttons = [button for part in template.components for button in part.get("buttons", ())]
    for index, button in enumerate(buttons):
        if button.get("type") == "QUICK_REPLY":
            label = button["text"]
            return {"type": "button", "button": {"payload": _payload(message, index) or label, "text": label}}
    return {}


def _payload(message: Message, index: int) -> str | None:
    for part in message.payload.get("components") or ():
        if _names(part, index):
            return next((one["payload"] for one in part["parameters"] if "payload" in one), None)
    return None


def _names(part: Mapping[str, Any], index: int) -> bool:
    return str(part["type"]).lower() == "button" and str(part["index"]) == str(index) and "parameters" in part
