"""META-06: one malformed item does not lose the others of its webhook."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from conformance.meta.webhook_payloads import change, entry, of_messages, payload, text_item
from conformance.target import expect
from conformance.target.expect import requirement
from conformance.target.waiting import while_it_changes
from conformance.wacrm.steps.statuses import DELIVERED, READ, OutboundConversation
from conformance.wacrm.steps.stored_messages import stored_inbound, text_items, wait_for_stored, wait_until_processed

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.meta.webhook_payloads import Item, MetaSide
    from conformance.wacrm.steps.account import Account

pytestmark = pytest.mark.usefixtures("hears")


def _without(name: str) -> Callable[[Item], Any]:
    return lambda item: {key: value for key, value in item.items() if key != name}


def _with(**members: Any) -> Callable[[Item], Any]:  # noqa: ANN401 - JSON
    return lambda item: {**item, **members}


NOT_AN_ITEM: dict[str, Callable[[Item], Any]] = {
    "null": lambda _: None,
    "a string": lambda _: "x",
    "a number": lambda _: 7,
    "a list": lambda _: [],
    "an empty object": lambda _: {},
}
MESSAGES: dict[str, Callable[[Item], Any]] = {
    **NOT_AN_ITEM,
    **{f"without {name}": _without(name) for name in ("id", "from", "type", "text", "timestamp")},
    **{f"{name} null": _with(**{name: None}) for name in ("id", "from", "type", "text", "timestamp")},
    **{f"{name} a number": _with(**{name: 7}) for name in ("id", "from", "type", "text")},
    **{f"{name} an object": _with(**{name: {"x": 1}}) for name in ("id", "from", "type", "timestamp")},
    **{f"{name} empty": _with(**{name: ""}) for name in ("id", "from", "type")},
    **{f"text {text!r}": _with(text=text) for text in ("x", {}, {"body": None}, {"body": ["x"]}, {"body": "a\0b"})},
    **{f"timestamp {at[:4]}": _with(timestamp=at) for at in ("soon", "9" * 30, "-1")},
    **{f"type {kind}": _with(type=kind) for kind in ("hologram", "__proto__")},
    **{f"{kind} missing": _with(type=kind) for kind in ("image", "location", "interactive", "button", "reaction")},
    **{
        f"{kind} null": _with(type=kind, **{kind: None})
        for kind in ("image", "audio", "location", "interactive", "system")
    },
    **{f"{kind} a list": _with(type=kind, **{kind: []}) for kind in ("image", "interactive", "reaction", "button")},
    **{f"{kind} empty": _with(type=kind, **{kind: {}}) for kind in ("document", "location", "reaction", "contacts")},
    "a reply to nothing": _with(type="interactive", interactive={"type": "list_reply"}),
    **{f"context {context!r}": _with(context=context) for context in (None, "x", {"id": 7})},
    "errors null": _with(type="unsupported", errors=None),
    "a sender who is no number": _with(**{"from": "nobody"}),
    "a long id": _with(id="w" * 5000),
}
ERRORS: tuple[Any, ...] = (None, [], ["x"], [None], {})
STATUSES: dict[str, Callable[[Item], Any]] = {
    **NOT_AN_ITEM,
    **{f"without {name}": _without(name) for name in ("id", "status", "timestamp", "recipient_id")},
    **{f"{name} null": _with(**{name: None}) for name in ("id", "status", "timestamp", "recipient_id")},
    **{f"{name} a number": _with(**{name: 7}) for name in ("id", "status")},
    **{f"{name} an object": _with(**{name: {"x": 1}}) for name in ("id", "status", "timestamp", "recipient_id")},
    **{f"status {marker!r}": _with(status=marker) for marker in ("", "teleported", "constructor", "READ")},
    **{f"errors {errors!r}": _with(status="failed", errors=errors) for errors in ERRORS},
    "failed without errors": _with(status="failed"),
    "timestamp no number": _with(timestamp="soon"),
    "nul": _with(id="wamid.\0"),
    "pricing null": _with(pricing=None, conversation=None),
    "pricing a string": _with(pricing="x", conversation="y"),
}


@requirement("META-06")
def test_a_malformed_message_does_not_lose_the_others(account: Account, meta_side: MetaSide) -> None:
    sender, other_sender = account.numbers.fresh(), account.numbers.fresh()
    good: dict[str, list[Item]] = {}
    for kind, malform in MESSAGES.items():
        before, after = good[kind] = text_items(account, sender, 2)
        items = [before, malform(text_item(other_sender, account.marker())), after]
        meta_side.signed(payload(entry(account.waba_id, of_messages(account.phone_number_id, items))))
    lost = kinds_with_lost_messages(
        account, sender, {kind: [item["id"] for item in pair] for kind, pair in good.items()}
    )
    expect.equal(lost, [], "malformed messages whose neighbours in the webhook were lost")


def kinds_with_lost_messages(account: Account, sender: str, wanted: dict[str, list[str]]) -> list[str]:
    """The kinds of malformed item beside which a message is not stored."""
    rows = wait_for_stored(account, sender, [wamid for wamids in wanted.values() for wamid in wamids])
    found = {row.get("whatsapp_message_id") for row in rows}
    return [kind for kind, wamids in wanted.items() if not set(wamids) <= found]


@requirement("META-06")
@pytest.mark.usefixtures("sends")
def test_a_malformed_status_does_not_lose_the_others(account: Account, meta_side: MetaSide) -> None:
    conversation = OutboundConversation(account, 2 * len(STATUSES) + 1)
    spare = conversation.wamids[-1]
    pairs = dict(zip(STATUSES, zip(conversation.wamids[::2], conversation.wamids[1::2], strict=False), strict=True))
    for kind, malform in STATUSES.items():
        before, after = (conversation.item(wamid, READ) for wamid in pairs[kind])
        items = [before, malform(conversation.item(spare, DELIVERED)), after]
        meta_side.signed(payload(entry(account.waba_id, change(account.phone_number_id, statuses=items))))

    def lost() -> list[str]:
        found = conversation.statuses()
        return [kind for kind, wamids in pairs.items() if any(found.get(wamid) != READ for wamid in wamids)]

    remaining = while_it_changes(lost, lambda kinds: not kinds, account.mock_meta.patience)
    expect.equal(remaining, [], "malformed statuses whose neighbours in the webhook were lost")


def malformed_changes(account: Account, other_sender: str) -> dict[str, Any]:
    """Malformed changes with another sender's message, and changes without content."""
    number = account.phone_number_id
    whole = of_messages(number, [text_item(other_sender, "x")])

    def malformed(**members: Any) -> Item:  # noqa: ANN401 - JSON
        return {**whole, "value": {**whole["value"], **members}}

    return {
        "null": None,
        "a string": "x",
        "an empty object": {},
        "no value": {"field": "messages"},
        "value null": {**whole, "value": None},
        "value a list": {**whole, "value": []},
        "no field": {"value": whole["value"]},
        "field null": {**whole, "field": None},
        **{f"{name} null": malformed(**{name: None}) for name in ("metadata", "contacts", "messages")},
        "messages an object": malformed(messages={}),
        "statuses a string": malformed(statuses="x", messages=[]),
        "contacts of strings": malformed(contacts=["x", None, {}], messages=[]),
        "number a number": malformed(metadata={"phone_number_id": 7}),
        "errors": change(number, errors=[{"code": 130429, "title": "Rate limit hit"}]),
    }


def malformed_entries(account: Account) -> dict[str, Any]:
    identity = account.waba_id
    return {
        "null": None,
        "a string": "x",
        "an empty object": {},
        "changes null": {"id": identity, "changes": None},
        "changes an object": {"id": identity, "changes": {}},
        "no id": {"changes": []},
        "id null": {"id": None, "changes": []},
    }


@requirement("META-06")
def test_a_malformed_change_does_not_lose_the_others(account: Account, meta_side: MetaSide) -> None:
    sender, wanted = account.numbers.fresh(), {}
    for kind, malformed in malformed_changes(account, account.numbers.fresh()).items():
        pair = text_items(account, sender, 2)
        wanted[kind] = [item["id"] for item in pair]
        before, after = (of_messages(account.phone_number_id, [item]) for item in pair)
        meta_side.signed(payload(entry(account.waba_id, before, malformed, after)))
    expect.equal(
        kinds_with_lost_messages(account, sender, wanted), [], "the malformed changes beside which messages were lost"
    )


@requirement("META-06")
def test_a_malformed_entry_does_not_lose_the_others(account: Account, meta_side: MetaSide) -> None:
    sender, wanted = account.numbers.fresh(), {}
    for kind, malformed in malformed_entries(account).items():
        pair = text_items(account, sender, 2)
        wanted[kind] = [item["id"] for item in pair]
        before, after = (entry(account.waba_id, of_messages(account.phone_number_id, [item])) for item in pair)
        meta_side.signed(payload(before, malformed, after))
    expect.equal(
        kinds_with_lost_messages(account, sender, wanted), [], "the malformed entries beside which messages were lost"
    )


NAMES = (None, 7, "", "A\0da", "n" * 5000, ["Ada"], {"x": 1})


def malformed_contacts(wa_id: str) -> dict[str, Any]:
    return {
        "none": None,
        "empty": [],
        "null": [None],
        "strings": ["x"],
        "no profile": [{"wa_id": wa_id}],
        "profile null": [{"wa_id": wa_id, "profile": None}],
        "profile a string": [{"wa_id": wa_id, "profile": "Ada"}],
        "no name": [{"wa_id": wa_id, "profile": {}}],
        **{f"name {name!r:.9}": [{"wa_id": wa_id, "profile": {"name": name}}] for name in NAMES},
        "no wa_id": [{"profile": {"name": "Ada"}}],
        "wa_id a number": [{"wa_id": 7, "profile": {"name": "Ada"}}],
    }


@requirement("META-06")
def test_a_malformed_contact_does_not_lose_its_message(account: Account, meta_side: MetaSide) -> None:
    """The profile name is optional: a missing or malformed one must not lose a new customer's message."""
    sent: dict[str, Item] = {}
    for kind in malformed_contacts(""):
        sent[kind] = item = text_item(account.numbers.fresh(), account.marker())
        contacts = malformed_contacts(item["from"])[kind]
        members = {} if contacts is None else {"contacts": contacts}
        meta_side.signed(payload(entry(account.waba_id, change(account.phone_number_id, **members, messages=[item]))))

    def lost() -> list[str]:
        return [kind for kind, item in sent.items() if not stored_inbound(account, f"+{item['from']}")]

    wait_until_processed(account)
    remaining = while_it_changes(lost, lambda kinds: not kinds, account.mock_meta.patience, poll=1.0)
    expect.equal(remaining, [], "malformed contacts whose message was lost")
