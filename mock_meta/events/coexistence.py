"""A number that is also used in the WhatsApp Business app: what was typed there, its history, its contacts.

Meta: webhooks smb_message_echoes, history and smb_app_state_sync (May 2026).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from mock_meta.business.accounts import Account, PhoneNumber
from mock_meta.business.user_ids import user_id
from mock_meta.events.inbound_content import content
from mock_meta.mock import Mock
from mock_meta.protocol.numbers import whatsapp_id
from mock_meta.webhooks.delivery import Delivery
from mock_meta.webhooks.payloads import Payload, envelope, messages_value

ECHOES, HISTORY, CONTACTS = "smb_message_echoes", "history", "smb_app_state_sync"
_DECLINED: Mapping[str, Any] = {
    "code": 2593109,
    "title": "History sync is turned off by the business from the WhatsApp Business App",
    "message": "History sync is turned off by the business from the WhatsApp Business App",
    "error_data": {"details": "History sharing is turned off by the business"},
}


def echo(mock: Mock, account: Account, phone: PhoneNumber, asked: Sequence[Mapping[str, Any]]) -> list[Delivery]:
    """The business wrote to these people on its phone; an echo opens no window."""
    echoes = [_outgoing(mock, account, phone, one) for one in asked]
    return _publish(mock, account, ECHOES, messages_value(phone, message_echoes=echoes))


def _outgoing(mock: Mock, account: Account, phone: PhoneNumber, asked: Mapping[str, Any]) -> Payload:
    person = whatsapp_id(asked["to"])
    message: Payload = {"from": phone.digits, "to": person}
    if account.user_ids:
        message["to_user_id"] = user_id(account, person)
    message["id"] = asked.get("id") or mock.ids.wamid(person)
    message["timestamp"] = str(asked.get("timestamp") or int(mock.clock()))
    message["type"] = asked["type"]
    message |= content(mock, phone, person, asked, None)
    return {
        **message,
        **{name: value for name, value in asked.items() if name not in {*message, "extra"}},
        **_extra(asked),
    }


def _extra(asked: Mapping[str, Any]) -> Mapping[str, Any]:
    extra: Mapping[str, Any] = asked.get("extra", {})
    return extra


def tell_history(  # the members of one webhook
    mock: Mock, account: Account, phone: PhoneNumber, asked: Mapping[str, Any]
) -> list[Delivery]:
    """A chunk of what was said before: ``threads`` with a person each and his messages; or that the business declined."""
    if asked.get("declined"):
        history: list[Payload] = [{"errors": [dict(_DECLINED)]}]
    else:
        stand = {"phase": asked["phase"], "chunk_order": asked["chunk_order"], "progress": asked["progress"]}
        threads = [_thread(mock, phone, one) for one in asked["threads"]]
        history = [{"metadata": stand, "threads": threads}]
    return _publish(mock, account, HISTORY, messages_value(phone, history=history))


def _thread(mock: Mock, phone: PhoneNumber, asked: Mapping[str, Any]) -> Payload:
    person = whatsapp_id(asked["person"])
    return {"id": person, "messages": [_old(mock, phone, person, one) for one in asked["messages"]]}


def _old(mock: Mock, phone: PhoneNumber, person: str, asked: Mapping[str, Any]) -> Payload:
    """``from_business`` is whether the business wrote it; ``status`` how far it came (READ, DELIVERED, …)."""
    outgoing = asked["from_business"]
    kind = asked["type"]
    parties = {"from": phone.digits, "to": person} if outgoing else {"from": person}
    return {
        **parties,
        "id": asked.get("id") or mock.ids.wamid(person, inbound=not outgoing),
        "timestamp": str(asked.get("timestamp") or int(mock.clock())),
        "type": kind,
        **({kind: asked[kind]} if kind in asked else content(mock, phone, person, asked, None)),
        "history_context": {"status": asked["status"]},
    }


def sync_contacts(
    mock: Mock, account: Account, phone: PhoneNumber, asked: Sequence[Mapping[str, Any]]
) -> list[Delivery]:
    """Entries of the phone's address book, added or removed; of one that was removed only the number is told."""
    now = str(int(mock.clock()))
    synced = [
        {"type": "contact", "contact": one["contact"], "action": one["action"], "metadata": {"timestamp": now}}
        for one in asked
    ]
    return _publish(mock, account, CONTACTS, messages_value(phone, state_sync=synced))


def _publish(mock: Mock, account: Account, field: str, value: Payload) -> list[Delivery]:
    key = f"{field}|{value['metadata']['phone_number_id']}|{mock.clock()}"
    return mock.publisher.publish(account, envelope(account.waba_id, field, value), key)
