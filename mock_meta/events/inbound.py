"""Messages a person writes, completed to what Meta would send (fact sheet 16.2)."""

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any

from mock_meta.business.accounts import Account, PhoneNumber
from mock_meta.business.user_ids import user_id
from mock_meta.events.inbound_content import content
from mock_meta.mock import Mock
from mock_meta.protocol.numbers import whatsapp_id
from mock_meta.simulation.conversations import Received
from mock_meta.webhooks.delivery import Delivery
from mock_meta.webhooks.outgoing_updates import INBOUND, posts
from mock_meta.webhooks.payloads import Pair, Payload

_TAPS = frozenset({"button", "interactive"})
CONTACT = frozenset({"profile_name", "username", "user_id", "parent_user_id", "contact"})
"""What a caller says of the contact, beside the message."""
_OWN = frozenset(
    {"from", "from_user_id", "from_parent_user_id", "id", "timestamp", "type", "context", "extra", *CONTACT}
)


def complete(
    mock: Mock, account: Account, phone: PhoneNumber, asked: Mapping[str, Any], origin: str | None = None
) -> Payload:
    """The message as it goes into ``messages``: id, timestamp, and the type's own member filled in where absent.

    ``asked["from"]`` is absent for somebody who is known by a user id alone; ``extra`` goes in as it is.
    """
    person = person_of(asked)
    message: Payload = {"from": asked["from"]} if asked.get("from") else {}
    message |= _named(account, asked, "from_user_id", "from_parent_user_id")
    context = asked.get("context") or (_tapped(mock, phone, person) if asked["type"] in _TAPS else None)
    if context is not None:
        message["context"] = _context(phone, context)
    message["id"] = asked.get("id") or mock.ids.wamid(person, inbound=True)
    message["timestamp"] = str(asked.get("timestamp") or int(mock.clock()))
    message["type"] = asked["type"]
    message |= content(mock, phone, person, asked, origin)
    message |= {name: value for name, value in asked.items() if name not in _OWN | {asked["type"]}}
    return {**message, **asked.get("extra", {})}


def person_of(asked: Mapping[str, Any]) -> str:
    """Who wrote: the number, or the user id of somebody without one."""
    return str(asked.get("from") or _given_user(asked))


def _given_user(asked: Mapping[str, Any]) -> str | None:
    return asked.get("from_user_id") or asked.get("user_id")


def _tapped(mock: Mock, phone: PhoneNumber, person: str) -> Payload:
    """Whose button it was: the last message to the person, or one from before the mock started."""
    return {"id": mock.ledger.latest_send(phone.id, person) or mock.ids.wamid(person)}


def _context(phone: PhoneNumber, context: Mapping[str, Any]) -> Payload:
    """A quote names the business number as its author unless the caller knows better; what was forwarded quotes nothing."""
    return {"from": phone.digits, **context} if "id" in context else dict(context)


def contact_of(account: Account, phone: PhoneNumber, asked: Mapping[str, Any]) -> Payload | None:
    """Meta's contact: a null ``profile_name`` leaves out the profile, a null ``contact`` all of it."""
    if "contact" in asked and asked["contact"] is None:
        return None
    profile = {"name": asked.get("profile_name", "Anna"), "username": asked.get("username")}
    shown = {name: value for name, value in profile.items() if value is not None}
    contact: Payload = {"profile": shown} if shown else {}
    contact |= {"wa_id": asked["from"]} if asked.get("from") else {}
    contact |= _named(account, asked, "user_id", "parent_user_id")
    if phone.checks_identity:
        contact["identity_key_hash"] = identity_key_hash(account, person_of(asked))
    return {**contact, **(asked.get("contact") or {})}


def identity_key_hash(account: Account, person: str) -> str:
    """The hash of the person's key, which does not change: the mock's people keep their phones."""
    return blake2b(f"{account.waba_id}|{person}".encode(), digest_size=8).hexdigest()


def _named(account: Account, asked: Mapping[str, Any], name: str, parent: str) -> Payload:
    """The sender's user id under ``name``: the caller's, or the account's own for the number; above it the parent's, if given."""
    given = _given_user(asked) or (user_id(account, asked["from"]) if account.user_ids else None)
    above = asked.get("parent_user_id") or asked.get("from_parent_user_id")
    return {key: value for key, value in ((name, given), (parent, above)) if value}


def received_pairs(
    mock: Mock, account: Account, phone: PhoneNumber, asked: Sequence[Mapping[str, Any]], origin: str | None = None
) -> list[Pair]:
    """What Meta makes of what people write: messages with their contacts, remembered.

    A message arrives from the WhatsApp id of the number it was written on. A blocked person's is dropped, and a number
    that is not registered hears nothing.
    """
    if not phone.registered:
        return []
    written = [{**one, "from": whatsapp_id(one["from"])} if one.get("from") else one for one in asked]
    heard = [one for one in written if (phone.id, person_of(one)) not in mock.conversations.blocked]
    pairs = [(complete(mock, account, phone, one, origin), contact_of(account, phone, one)) for one in heard]
    for message, _ in pairs:
        mock.conversations.add_received(received(phone, message, mock.clock()))
    return pairs


def received(phone: PhoneNumber, message: Payload, now: float) -> Received:
    """What later calls refer to."""
    user = message.get("from_user_id")
    return Received(message["id"], phone.id, message.get("from") or str(user), message["type"], now, user)


def deliver_on_command(  # one control call
    mock: Mock,
    account: Account,
    phone: PhoneNumber,
    asked: Sequence[Mapping[str, Any]],
    *,
    batch: bool,
    origin: str | None = None,
) -> tuple[list[Payload], list[Delivery]]:
    """People write on command: the messages, and the webhooks that set off at once, for all of them or for each."""
    pairs = received_pairs(mock, account, phone, asked, origin)
    deliveries: list[Delivery] = []
    for group in ([pairs] if pairs else []) if batch else [[pair] for pair in pairs]:
        for payload in posts(account, phone, INBOUND, group):
            deliveries += mock.publisher.publish(account, payload, _key(mock, phone, group[0]))
    return [message for message, _ in pairs], deliveries


def deliver_one(mock: Mock, account: Account, phone: PhoneNumber, asked: Mapping[str, Any]) -> None:
    """Somebody writes by himself."""
    for pair in received_pairs(mock, account, phone, [asked]):
        mock.outgoing.add(account, phone, INBOUND, pair, _key(mock, phone, pair))


def _key(mock: Mock, phone: PhoneNumber, pair: Pair) -> str:
    """The how-manieth message of this person, for chaos' draws."""
    sender = pair[0].get("from") or pair[0].get("from_user_id")
    return f"heard|{phone.id}|{sender}|{mock.conversations.next_inbound_number((phone.id, str(sender)))}"
