"""Lists of known rows, long enough for several pages: contacts, conversations, messages, webhook endpoints."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.target.expect import precondition
from conformance.target.numbers import digits
from conformance.target.verdicts import NoVerdict
from conformance.target.waiting import eventually
from conformance.wacrm.steps.account import required
from conformance.wacrm.steps.contacts import tag_id
from conformance.wacrm.steps.pagination import View, paginate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from conformance.wacrm.steps.account import Account, Row

BATCHES = ((4, True), (27, False), (29, True), (26, False), (34, True))
"""Numbers of rows created at once (True) or one by one (False), oldest first: 120 in all.

Rows created at once share timestamps, which PAGE-05 needs. Rows around the 50th and the 100th newest, where the usual
pages end, have different timestamps, so that a loss there is a finding of PAGE-03.
"""
NAMELESS, TAGLESS = 9, 6
"""Every ninth contact has another name, every sixth no tag: 106 have the name, exactly 100 have the tag."""
MESSAGE_BATCHES = ((15, False), (29, True), (26, False), (34, True))
"""The same for the messages of one conversation after the first: 105 in all, a multiple of seven."""
ENDPOINTS = 12
AT_ONCE = 16
"""Concurrent requests while rows are created, so that some share a timestamp."""


# Names of the views; the fixture `view_of` gives the view of a name.
SIZES = (1, 2, 7, 50, 100)
LONG = ("contacts", "contacts by search", "contacts by tag", "conversations", "conversations by status", "messages")
"""Views of at least a hundred rows."""
UNFILTERED = ("contacts by search", "conversations", "messages", "webhooks")
"""Each list once; contacts under a filter that keeps other runs' leftovers out."""
FILTERED = ("contacts by search", "contacts by tag", "contacts by search and tag", "conversations by status")
ALL_VIEWS = (*LONG, "contacts by search and tag", "webhooks")


@dataclass(frozen=True)
class ContactSet:
    """Contacts in a burst. `marker` is in the names of `named`, `tag_id` is the tag of `tagged`; all are new.

    `phones` are their numbers by id.
    """

    marker: str
    tag_id: str
    named: Sequence[Row]
    tagged: Sequence[Row]
    all_contacts: Sequence[Row]
    phones: Mapping[str, str]

    def views(self) -> dict[str, View]:
        """The list of contacts plain and under each filter."""
        tagged = {row["id"] for row in self.tagged}
        both = [row for row in self.named if row["id"] in tagged]
        search, tag = {"search": self.marker}, {"tag": self.tag_id}
        return {
            "contacts": _contacts("contacts", {}, self.all_contacts, exclusive=False),
            "contacts by search": _contacts("contacts by search", search, self.named, self.is_named),
            "contacts by tag": _contacts("contacts by tag", tag, self.tagged, self.is_tagged),
            "contacts by search and tag": _contacts("contacts by search and tag", search | tag, both, self.is_both),
        }

    def is_named(self, row: Row) -> bool:
        return self.marker in str(row.get("name"))

    def is_tagged(self, row: Row) -> bool:
        return any(tag.get("id") == self.tag_id for tag in row.get("tags") or [])

    def is_both(self, row: Row) -> bool:
        return self.is_named(row) and self.is_tagged(row)


def _contacts(
    name: str,
    params: Row,
    rows: Sequence[Row],
    matches: Callable[[Row], bool] = lambda _row: True,
    *,
    exclusive: bool = True,
) -> View:
    timestamps = {row["id"]: row["created_at"] for row in rows}
    return View(name, "/contacts", params, timestamps, exclusive, by_id, matches)


def by_id(row: Row) -> str:
    return str(row.get("id"))


def create_contacts(account: Account) -> ContactSet:
    """New contacts, many at a time."""
    marker, elsewhere, tag = account.marker(), account.marker(), account.marker()
    bodies: list[Row] = [
        {
            "name": f"{marker if i % NAMELESS else elsewhere} {i}",
            "tags": [tag, f"{tag}b", f"{tag}c"] if i % TAGLESS else [],
        }
        for i in range(1, 1 + sum(size for size, _ in BATCHES))
    ]
    made = [account.contact(**bodies[0])]  # alone, so that the tag is there before the burst
    for batch, burst in _batches(bodies[1:], BATCHES):
        step: Callable[[Row], Row] = lambda body: account.contact(**body)  # noqa: E731
        made += in_parallel(step, batch) if burst else [step(body) for body in batch]
    tagged = [row for row, body in zip(made, bodies, strict=True) if body["tags"]]
    named = [row for row, body in zip(made, bodies, strict=True) if marker in body["name"]]
    phones = {row["id"]: account.phone_of(row) for row in made}
    return ContactSet(marker, tag_id(tagged[0], tag), named, tagged, made, phones)


def _batches(items: Sequence[Row], batches: Sequence[tuple[int, bool]]) -> Iterator[tuple[Sequence[Row], bool]]:
    """The items in bands, counted from the newest, which comes last."""
    ends = [len(items) - sum(size for size, _ in batches[n + 1 :]) for n in range(len(batches))]
    for start, end, (_, burst) in zip([0, *ends], ends, batches, strict=False):
        yield items[max(start, 0) : max(end, 0)], burst


def in_parallel(step: Callable[[Row], Row], bodies: Sequence[Row]) -> list[Row]:
    """`step` for all bodies, some at a time, in the bodies' order."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(step, bodies))


def create_conversations(account: Account, contact_set: ContactSet) -> View:
    """A conversation with each of the contacts, created by inbound messages."""
    senders = [(digits(contact_set.phones[row["id"]]), row["name"]) for row in contact_set.all_contacts]
    items = [text_item(account, sender, profile_name=name) for sender, name in senders]
    _deliver(account, items, BATCHES)
    timestamps = {row["id"]: "" for row in contact_set.all_contacts}
    view = View(
        "conversations", "/conversations", {}, timestamps, exclusive=False, key=lambda row: str(row.get("contact_id"))
    )
    return _with_timestamps(account, view)


def _deliver(account: Account, items: Sequence[Row], batches: Sequence[tuple[int, bool]]) -> list[str]:
    """Meta delivers bursts in one webhook each, the others one by one; their wamids."""
    wamids: list[str] = []
    for batch, burst in _batches(items, batches):
        for part in [batch] if burst else [[item] for item in batch]:
            wamids += account.mock_meta.inbound(account.phone_number_id, *part, batch=True)
    return wamids


def by_status(conversations: View, rows: Sequence[Row]) -> View:
    """The same conversations under the filter of the status that new ones have."""
    status = rows[0].get("status")
    mine = {conversations.key(row) for row in rows if row.get("status") == status}
    timestamps = {key: stamp for key, stamp in conversations.timestamps.items() if key in mine}
    params = {"status": status}
    return View(
        "conversations by status",
        conversations.path,
        params,
        timestamps,
        exclusive=False,
        key=conversations.key,
        matches=lambda r: r["status"] == status,
    )


def create_messages(account: Account) -> View:
    """One conversation of many messages."""
    contact = account.contact(name=account.marker())
    sender = digits(account.phone_of(contact))
    first = account.receive(sender)
    conversation = account.conversation_of(contact["id"], account.mock_meta.patience)
    precondition(
        account.message(conversation["id"], first, account.mock_meta.patience), "an inbound message is not listed"
    )
    items = [text_item(account, sender) for _ in range(sum(size for size, _ in MESSAGE_BATCHES))]
    wamids = _deliver(account, items, MESSAGE_BATCHES)
    path = f"/conversations/{conversation['id']}/messages"
    timestamps = dict.fromkeys([first, *wamids], "")
    view = View("messages", path, {}, timestamps, exclusive=True, key=lambda row: str(row.get("whatsapp_message_id")))
    return _with_timestamps(account, view)


def text_item(account: Account, sender: str, **members: str) -> Row:
    return {"from": sender, "type": "text", "text": {"body": account.marker()}, **members}


def _with_timestamps(account: Account, view: View) -> View:
    """The view with the times of its rows, once nothing more of it appears. No verdict when hardly anything does."""
    found: dict[str, str] = {}
    for _ in range(3):
        eventually(lambda: _read_again(account, view, found), account.mock_meta.patience if not found else 0.5)
        if len(found) == len(view.timestamps):
            break
    precondition(
        len(found) > len(view.timestamps) - 5, f"only {len(found)} of {len(view.timestamps)} inbound messages show up"
    )
    view.timestamps.update(found)
    return view


def _read_again(account: Account, view: View, found: dict[str, str]) -> bool:
    """Look once more; whether all are there now. Adds what is new to `found`."""
    pagination = paginate(
        account.api,
        view.path,
        {"limit": 100},
        stop_when=lambda rows: len(_expected_rows(view, rows)) == len(view.timestamps),
    )
    found.update(_expected_rows(view, pagination.rows))
    return len(found) == len(view.timestamps)


def _expected_rows(view: View, rows: Sequence[Row]) -> dict[str, str]:
    return {view.key(row): str(row.get("created_at")) for row in rows if view.key(row) in view.timestamps}


def create_endpoints(account: Account, origin: str, size: int = ENDPOINTS) -> View:
    """Inactive webhook endpoints, many at a time; as many as the target lets an account have."""
    bodies = [endpoint_body(account, origin)] * size
    exchanges = in_parallel(lambda body: {"answer": account.api.post("/webhooks", body)}, bodies)
    made = [required(each["answer"], 201) for each in exchanges if each["answer"].status == 201]
    if len(made) < 3:
        raise NoVerdict(f"only {len(made)} of {size} webhook endpoints could be registered")
    in_parallel(lambda id_: {"answer": account.api.patch(f"/webhooks/{id_}", INACTIVE)}, [row["id"] for row in made])
    timestamps = {row["id"]: row["created_at"] for row in made}
    return View("webhooks", "/webhooks", {}, timestamps, exclusive=False, key=by_id)


def create_endpoint(account: Account, origin: str) -> Row:
    made = required(account.api.post("/webhooks", endpoint_body(account, origin)), 201)
    account.api.patch(f"/webhooks/{made['id']}", INACTIVE)
    return made


def endpoint_body(account: Account, origin: str) -> Row:
    return {"url": f"{origin}/{account.marker()}", "events": ["message.received"]}


INACTIVE = {"is_active": False}
