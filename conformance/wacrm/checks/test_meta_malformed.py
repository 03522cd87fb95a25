"""META: one malformed item does not lose the others of its webhook (06)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from conformance.meta.webhook_payloads import change, entry, of_messages, payload, text_item
from conformance.target import expect
from conformance.target.expect import requirement
from conformance.target.waiting import eventually
from conformance.wacrm.steps.inbox import heard, heard_all, texts, worked_off
from conformance.wacrm.steps.statuses import DELIVERED, READ, Thread

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.meta.webhook_payloads import Item, MetaSide
    from conformance.wacrm.steps.account import Account

pytestmark = pytest.mark.usefixtures("hears")


def _without(name: str) -> Callable[[Item], Any]:
    return lambda item: {key: value for key, value in item.items() if key != name}


def _with(**members: Any) -> Callable[[Item], Any]:  # noqa: ANN401 - JSON
    return lambda item: {**item, **members}


NO_ITEM: dict[str, Callable[[Item], Any]] = {
    "null": lambda _: None,
    "a string": lambda _: "x",
    "a number": lambda _: 7,
    "a list": lambda _: [],
    "an empty object": lambda _: {},
}
MESSAGES: dict[str, Callable[[Item], Any]] = {
    **NO_ITEM,
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
    **NO_ITEM,
    **{f"without {name}": _without(name) for name in ("id", "status", "timestamp", "recipient_id")},
    **{f"{name} null": _with(**{name: None}) for name in ("id", "status", "timestamp", "recipient_id")},
    **{f"{name} a number": _with(**{name: 7}) for name in ("id", "status")},
    **{f"{name} an object": _with(**{name: {"x": 1}}) for name in ("id", "status", "timestamp", "recipient_id")},
    **{f"status {word!r}": _with(status=word) for word in ("", "teleported", "constructor", "READ")},
    **{f"errors {errors!r}": _with(status="failed", errors=errors) for errors in ERRORS},
    "failed without errors": _with(status="failed"),
    "timestamp no number": _with(timestamp="soon"),
    "nul": _with(id="wamid.\0"),
    "pricing null": _with(pricing=None, conversation=None),
    "pricing a string": _with(pricing="x", conversation="y"),
}


@requirement("META-06")
def test_a_malformed_message_does_not_lose_the_others(account: Account, meta_side: MetaSide) -> None:
    sender, stranger = account.numbers.fresh(), account.numbers.fresh()
    good: dict[str, list[Item]] = {}
    for kind, distort in MESSAGES.items():
        before, after = good[kind] = texts(account, sender, 2)
        items = [before, distort(text_item(stranger, account.word())), after]
        meta_side.signed(payload(entry(account.waba_id, of_messages(account.phone_number_id, items))))
    lost = lost_of(account, sender, {kind: [item["id"] for item in pair] for kind, pair in good.items()})
    expect.equal(lost, [], "the malformed messages beside which others were lost")


def lost_of(account: Account, sender: str, wanted: dict[str, list[str]]) -> list[str]:
    """The kinds of which not all messages are stored."""
    rows = heard_all(account, sender, [wamid for wamids in wanted.values() for wamid in wamids])
    found = {row.get("whatsapp_message_id") for row in rows}
    return [kind for kind, wamids in wanted.items() if not set(wamids) <= found]


@requirement("META-06")
@pytest.mark.usefixtures("sends")
def test_a_malformed_status_does_not_lose_the_others(account: Account, meta_side: MetaSide) -> None:
    thread = Thread(account, 2 * len(STATUSES) + 1)
    spare = thread.wamids[-1]
    pairs = dict(zip(STATUSES, zip(thread.wamids[::2], thread.wamids[1::2], strict=False), strict=True))
    for kind, distort in STATUSES.items():
        before, after = (thread.item(wamid, READ) for wamid in pairs[kind])
        items = [before, distort(thread.item(spare, DELIVERED)), after]
        meta_side.signed(payload(entry(account.waba_id, change(account.phone_number_id, statuses=items))))

    def lost() -> list[str]:
        found = thread.statuses()
        return [kind for kind, wamids in pairs.items() if any(found.get(wamid) != READ for wamid in wamids)]

    eventually(lambda: not lost(), account.mock_meta.patience)
    expect.equal(lost(), [], "the malformed statuses beside which others were lost")


def broken_changes(account: Account, stranger: str) -> dict[str, Any]:
    """Changes of a stranger's message that are no longer ones, and those that hold nothing to process."""
    number = account.phone_number_id
    whole = of_messages(number, [text_item(stranger, "x")])

    def broken(**members: Any) -> Item:  # noqa: ANN401 - JSON
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
        **{f"{name} null": broken(**{name: None}) for name in ("metadata", "contacts", "messages")},
        "messages an object": broken(messages={}),
        "statuses a string": broken(statuses="x", messages=[]),
        "contacts of strings": broken(contacts=["x", None, {}], messages=[]),
        "number a number": broken(metadata={"phone_number_id": 7}),
        "errors": change(number, errors=[{"code": 130429, "title": "Rate limit hit"}]),
    }


def broken_entries(account: Account) -> dict[str, Any]:
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
    for kind, broken in broken_changes(account, account.numbers.fresh()).items():
        pair = texts(account, sender, 2)
        wanted[kind] = [item["id"] for item in pair]
        before, after = (of_messages(account.phone_number_id, [item]) for item in pair)
        meta_side.signed(payload(entry(account.waba_id, before, broken, after)))
    expect.equal(lost_of(account, sender, wanted), [], "the malformed changes beside which messages were lost")


@requirement("META-06")
def test_a_malformed_entry_does_not_lose_the_others(account: Account, meta_side: MetaSide) -> None:
    sender, wanted = account.numbers.fresh(), {}
    for kind, broken in broken_entries(account).items():
        pair = texts(account, sender, 2)
        wanted[kind] = [item["id"] for item in pair]
        before, after = (entry(account.waba_id, of_messages(account.phone_number_id, [item])) for item in pair)
        meta_side.signed(payload(before, broken, after))
    expect.equal(lost_of(account, sender, wanted), [], "the malformed entries beside which messages were lost")


NAMES = (None, 7, "", "A\0da", "n" * 5000, ["Ada"], {"x": 1})


def odd_contacts(wa_id: str) -> dict[str, Any]:
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
def test_messages_with_odd_contacts_beside_them_are_not_lost(account: Account, meta_side: MetaSide) -> None:
    """A name is a courtesy: without it, or with a strange one, the message of a new customer stays a message."""
    sent: dict[str, Item] = {}
    for kind in odd_contacts(""):
        sent[kind] = item = text_item(account.numbers.fresh(), account.word())
        contacts = odd_contacts(item["from"])[kind]
        members = {} if contacts is None else {"contacts": contacts}
        meta_side.signed(payload(entry(account.waba_id, change(account.phone_number_id, **members, messages=[item]))))

    def lost() -> list[str]:
        return [kind for kind, item in sent.items() if not heard(account, f"+{item['from']}")]

    worked_off(account)
    eventually(lambda: not lost(), account.mock_meta.patience, poll=1.0)
    expect.equal(lost(), [], "the contacts beside which a message was lost")
