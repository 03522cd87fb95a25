"""The JSON of Meta's webhooks: the envelope, and every field of a status (``status_item``) (fact sheet 16)."""

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any

from mock_meta.business.accounts import Account, Group, PhoneNumber
from mock_meta.business.user_ids import user_id
from mock_meta.protocol.errors import webhook_error
from mock_meta.protocol.numbers import is_user_id
from mock_meta.simulation.behaviour import Failure, Status, Step
from mock_meta.simulation.conversations import Sent

Payload = dict[str, Any]
Pair = tuple[Payload, Payload | None]
"""A message, and its contact where Meta names one."""
_DAY = 86400
_NO_CONVERSATIONS_SINCE = 24


def envelope(waba_id: str, field: str, value: Any, *, time: int | None = None) -> Payload:  # noqa: ANN401  # JSON
    """One change in one entry. ``time`` stands on template and account fields only."""
    entry: Payload = {"id": waba_id}
    if time is not None:
        entry["time"] = time
    entry["changes"] = [{"value": value, "field": field}]
    return {"object": "whatsapp_business_account", "entry": [entry]}


def metadata(phone: PhoneNumber) -> Payload:
    return {"display_phone_number": phone.digits, "phone_number_id": phone.id}


def messages_value(phone: PhoneNumber, **members: Sequence[Any]) -> Payload:
    """The value of a ``messages`` change: ``statuses=[…]``, or ``contacts=[…], messages=[…]``."""
    return {"messaging_product": "whatsapp", "metadata": metadata(phone), **members}


def statuses_value(account: Account, phone: PhoneNumber, items: Sequence[Payload]) -> Payload:
    """Statuses with the people they are about, who are left out where there are no user ids (16.1; of failures: 20.1)."""
    contacts = [one for one in map(_contact, items) if one] if account.user_ids else []
    if not contacts:
        return messages_value(phone, statuses=items)
    return messages_value(phone, contacts=contacts, statuses=items)


def inbound_value(_account: Account, phone: PhoneNumber, pairs: Sequence[Pair]) -> Payload:
    """Messages with the people who wrote them, each once; system messages come without (16.2)."""
    known = (contact for message, contact in pairs if contact is not None and message["type"] != "system")
    contacts = {contact.get("wa_id") or contact.get("user_id"): contact for contact in known}
    messages = [message for message, _ in pairs]
    if not contacts:
        return messages_value(phone, messages=messages)
    return messages_value(phone, contacts=list(contacts.values()), messages=messages)


def _contact(item: Payload) -> Payload:
    """The person of a status, in a group or not; of a failure the number alone."""
    kind = "recipient_participant" if "recipient_participant_id" in item else "recipient"
    named = {"wa_id": item.get(f"{kind}_id"), "user_id": item.get(f"{kind}_user_id")}
    return {name: value for name, value in named.items() if value is not None}


def group_items(account: Account, group: Group, item: Payload) -> list[Payload]:
    """A status of a message to a group: one for each participant."""
    whole = {name: value for name, value in item.items() if name != "recipient_user_id"}
    return [{**whole, "recipient_type": "group", **_participant(account, person)} for person in group.participants]


def _participant(account: Account, person: str) -> Payload:
    named = {"recipient_participant_user_id": user_id(account, person)} if account.user_ids else {}
    return {"recipient_participant_id": person, **named}


def status_item(account: Account, message: Sent, step: Step, now: float) -> Payload:
    """One element of ``statuses``. Marks the message as priced once a later status has carried the price."""
    item: Payload = {
        "id": message.wamid,
        "status": step.status.value,
        "timestamp": str(int(now)),
    }
    by_user_id = is_user_id(message.wa_id)
    if not by_user_id:
        item["recipient_id"] = message.wa_id
    if by_user_id or (account.user_ids and step.status is not Status.FAILED):
        message.user_id = message.user_id or user_id(account, message.wa_id)
        item["recipient_user_id"] = message.user_id
    if message.opaque is not None:
        item["biz_opaque_callback_data"] = message.opaque
    if step.status is Status.FAILED:
        item["errors"] = [_error(step.error or Failure(131000))]
    else:
        item.update(_billing(account, message, step.status, now))
    return item


def _error(failure: Failure) -> Mapping[str, Any]:
    return webhook_error(failure.code, failure.details, failure.title)


def _billing(account: Account, message: Sent, status: Status, now: float) -> Payload:
    """Conversation and pricing: on ``sent``, and on the first of delivered and read (16.1)."""
    modern = int(account.app.webhook_version[1:].partition(".")[0]) >= _NO_CONVERSATIONS_SINCE
    carries = status is Status.SENT or (status in {Status.DELIVERED, Status.READ} and not message.priced)
    if not carries or (modern and status is Status.READ):
        return {}
    message.priced = message.priced or status is not Status.SENT
    billing = {} if modern else {"conversation": _conversation(message, status, now)}
    kind = "free_customer_service" if message.free else "regular"
    pricing = {"billable": not message.free, "pricing_model": "PMP", "category": message.origin, "type": kind}
    return {**billing, "pricing": pricing}


def _conversation(message: Sent, status: Status, now: float) -> Payload:
    conversation: Payload = {"id": blake2b(message.wamid.encode(), digest_size=16).hexdigest()}
    if status is Status.SENT:
        conversation["expiration_timestamp"] = str(int(now) + _DAY)
    conversation["origin"] = {"type": message.origin}
    return conversation
