"""Lists long enough to page through: a crowd of contacts, their conversations, one long thread, a few webhook endpoints."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from conformance.target.expect import precondition
from conformance.target.verdicts import NoVerdict
from conformance.target.waiting import eventually
from conformance.wacrm.steps.account import needed
from conformance.wacrm.steps.pagination import View, walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from conformance.wacrm.steps.account import Account, Row

BANDS = ((4, True), (27, False), (29, True), (26, False), (34, True))
"""How many rows are made in one burst (True) or one by one, oldest first: 120 in all.

Rows of a burst share instants, which PAGE-05 is about. Around the 50th and the 100th newest, where the usual pages end, each
has an instant of its own, so that what is lost there has no such excuse (PAGE-03).
"""
NAMELESS, TAGLESS = 9, 6
"""Every ninth has another name, every sixth no tag: 106 have the name, exactly 100 have the tag."""
THREAD = ((15, False), (29, True), (26, False), (34, True))
"""The same for the long conversation after its first message: 105 in all, a multiple of seven."""
ENDPOINTS = 12
AT_ONCE = 16
"""Requests in flight while a set is made, so that some of its rows share an instant."""


@dataclass(frozen=True)
class Crowd:
    """Contacts in a burst. `word` is in the names of `named`, `tag_id` is the tag of `tagged`; all are new."""

    word: str
    tag_id: str
    named: Sequence[Row]
    tagged: Sequence[Row]
    everybody: Sequence[Row]

    def views(self) -> dict[str, View]:
        """The list of contacts plain and under each filter."""
        both = [row for row in self.named if row in self.tagged]
        search, tag = {"search": self.word}, {"tag": self.tag_id}
        return {
            "contacts": _contacts("contacts", {}, self.everybody, closed=False),
            "contacts by search": _contacts("contacts by search", search, self.named, self.is_named),
            "contacts by tag": _contacts("contacts by tag", tag, self.tagged, self.is_tagged),
            "contacts by search and tag": _contacts("contacts by search and tag", search | tag, both, self.is_both),
        }

    def is_named(self, row: Row) -> bool:
        return self.word in str(row.get("name"))

    def is_tagged(self, row: Row) -> bool:
        return any(tag.get("id") == self.tag_id for tag in row.get("tags") or [])

    def is_both(self, row: Row) -> bool:
        return self.is_named(row) and self.is_tagged(row)


def _contacts(
    name: str,
    params: Row,
    rows: Sequence[Row],
    holds: Callable[[Row], bool] = lambda _row: True,
    *,
    closed: bool = True,
) -> View:
    stamps = {row["id"]: row["created_at"] for row in rows}
    return View(name, "/contacts", params, stamps, closed, by_id, holds)


def by_id(row: Row) -> str:
    return str(row.get("id"))


def make_crowd(account: Account) -> Crowd:
    """New contacts, many at a time."""
    word, elsewhere, tag = account.word(), account.word(), account.word()
    bodies = [
        {
            "name": f"{word if i % NAMELESS else elsewhere} {i}",
            "tags": [tag, f"{tag}b", f"{tag}c"] if i % TAGLESS else [],
        }
        for i in range(1, 1 + sum(size for size, _ in BANDS))
    ]
    made = [new_contact(account, bodies[0])]  # alone, so that the tag is there before the burst
    for band, burst in _banded(bodies[1:], BANDS):
        step = partial(new_contact, account)
        made += at_once(step, band) if burst else [step(body) for body in band]
    tagged = [row for row in made if row.get("tags")]
    ids = [
        one.get("id") for row in tagged[:1] for one in row["tags"] if str(one.get("name")).casefold() == tag.casefold()
    ]
    precondition(ids and ids[0], "a contact that was created with a tag does not show it")
    named = [row for row in made if word in str(row.get("name"))]
    return Crowd(word, ids[0], named, tagged, made)


def _banded(items: Sequence[Row], bands: Sequence[tuple[int, bool]]) -> Iterator[tuple[Sequence[Row], bool]]:
    """The items in bands, counted from the newest, which comes last."""
    ends = [len(items) - sum(size for size, _ in bands[n + 1 :]) for n in range(len(bands))]
    for start, end, (_, burst) in zip([0, *ends], ends, bands, strict=False):
        yield items[max(start, 0) : max(end, 0)], burst


def new_contact(account: Account, fields: Row) -> Row:
    """A contact of a number that the target did not know."""
    for _ in range(5):
        exchange = account.api.post("/contacts", {"phone": account.numbers.fresh(), **fields})
        if exchange.status != 200:
            break
    return needed(exchange, 201)


def at_once(step: Callable[[Row], Row], bodies: Sequence[Row]) -> list[Row]:
    """`step` for all bodies, some at a time, in the bodies' order."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(step, bodies))


def make_talks(account: Account, crowd: Crowd) -> View:
    """A conversation with everybody of the crowd, from one webhook of Meta's."""
    senders = [(row["phone"].lstrip("+"), row["name"]) for row in crowd.everybody]
    items = [text_item(account, digits, profile_name=name) for digits, name in senders]
    _deliver(account, items, BANDS)
    stamps = {row["id"]: "" for row in crowd.everybody}
    view = View("conversations", "/conversations", {}, stamps, closed=False, key=lambda row: str(row.get("contact_id")))
    return _arrived(account, view)


def _deliver(account: Account, items: Sequence[Row], bands: Sequence[tuple[int, bool]]) -> list[str]:
    """Meta delivers bursts in one webhook each, the others one by one; their wamids."""
    wamids: list[str] = []
    for band, burst in _banded(items, bands):
        for part in [band] if burst else [[item] for item in band]:
            wamids += account.mock_meta.inbound(account.phone_number_id, *part, batch=True)
    return wamids


def by_status(talks: View, rows: Sequence[Row]) -> View:
    """The same conversations under the filter of the status that new ones have."""
    status = rows[0].get("status")
    mine = {talks.key(row) for row in rows if row.get("status") == status}
    stamps = {key: stamp for key, stamp in talks.stamps.items() if key in mine}
    params = {"status": status}
    return View(
        "conversations by status",
        talks.path,
        params,
        stamps,
        closed=False,
        key=talks.key,
        holds=lambda r: r["status"] == status,
    )


def make_thread(account: Account) -> View:
    """One conversation of many messages."""
    contact = new_contact(account, {"name": account.word()})
    sender = contact["phone"].lstrip("+")
    first = account.receive(sender)
    conversation = account.conversation_of(contact["id"], account.mock_meta.patience)
    precondition(
        account.message(conversation["id"], first, account.mock_meta.patience), "an inbound message is not listed"
    )
    items = [text_item(account, sender) for _ in range(sum(size for size, _ in THREAD))]
    wamids = _deliver(account, items, THREAD)
    path = f"/conversations/{conversation['id']}/messages"
    stamps = dict.fromkeys([first, *wamids], "")
    view = View("messages", path, {}, stamps, closed=True, key=lambda row: str(row.get("whatsapp_message_id")))
    return _arrived(account, view)


def text_item(account: Account, sender: str, **members: str) -> Row:
    return {"from": sender, "type": "text", "text": {"body": account.word()}, **members}


def _arrived(account: Account, view: View) -> View:
    """The view with the times of its rows, once nothing more of it appears. No verdict when hardly anything does."""
    found: dict[str, str] = {}
    for _ in range(3):
        eventually(lambda: _grown(account, view, found), account.mock_meta.patience if not found else 0.5)
        if len(found) == len(view.stamps):
            break
    precondition(len(found) > len(view.stamps) - 5, f"only {len(found)} of {len(view.stamps)} inbound messages show up")
    view.stamps.update(found)
    return view


def _grown(account: Account, view: View, found: dict[str, str]) -> bool:
    """Look once more; whether all are there now. Adds what is new to `found`."""
    walked = walk(
        account.api, view.path, {"limit": 100}, enough=lambda rows: len(_mine(view, rows)) == len(view.stamps)
    )
    found.update(_mine(view, walked.rows))
    return len(found) == len(view.stamps)


def _mine(view: View, rows: Sequence[Row]) -> dict[str, str]:
    return {view.key(row): str(row.get("created_at")) for row in rows if view.key(row) in view.stamps}


def make_endpoints(account: Account, origin: str, size: int = ENDPOINTS) -> View:
    """Inactive webhook endpoints, many at a time; as many as the target lets an account have."""
    exchanges = at_once(
        lambda body: {"answer": account.api.post("/webhooks", body)}, [endpoint_body(account, origin)] * size
    )
    made = [needed(each["answer"], 201) for each in exchanges if each["answer"].status == 201]
    if len(made) < 3:
        raise NoVerdict(f"only {len(made)} of {size} webhook endpoints could be registered")
    stamps = {row["id"]: row["created_at"] for row in made}
    return View("webhooks", "/webhooks", {}, stamps, closed=False, key=by_id)


def make_endpoint(account: Account, origin: str) -> Row:
    return needed(account.api.post("/webhooks", endpoint_body(account, origin)), 201)


def endpoint_body(account: Account, origin: str) -> Row:
    return {"url": f"{origin}/{account.word()}", "events": ["message.received"], "is_active": False}
