"""`contacts`: create, find, tag, search, change."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from loadtests.users.answers import CREATE_CONTACT, GET_CONTACT, LIST_CONTACTS, UPDATE_CONTACT
from loadtests.users.user import Stream, visit

if TYPE_CHECKING:
    from loadtests.users.task import Visit

TAGS = ("vip", "lead", "support", "newsletter", "churned")


class ContactsScenario(Stream):
    """People and scripts keep the address book."""

    @visit("contacts", 50, "create")
    def create(self, visit: Visit) -> None:
        world = visit.world
        phone, name = world.people.stranger(), f"Ada {world.nonce()}"
        made = visit.call(CREATE_CONTACT, body={"phone": phone, "name": name, "tags": [world.rng.choice(TAGS)]})
        if made is None:
            return
        world.people.meet(phone)
        world.remember(world.contacts, made.data.id)
        if made.data.phone != phone:
            world.outbox.trouble("contact", f"POST /contacts: asked for {phone}, got {made.data.phone}")

    @visit("contacts", 30, "find")
    def find(self, visit: Visit) -> None:
        """Create what is there already: the contact itself comes back, never a second one."""
        world = visit.world
        phone = world.people.acquaintance()
        found = visit.call(CREATE_CONTACT, body={"phone": phone})
        if found is not None and found.data.phone != phone:
            world.outbox.trouble("contact", f"POST /contacts: asked for {phone}, got {found.data.phone}")

    @visit("contacts", 40, "read")
    def read(self, visit: Visit) -> None:
        if visit.world.contacts:
            visit.call(GET_CONTACT, visit.world.rng.choice(visit.world.contacts))
        else:
            visit.call(LIST_CONTACTS, query="limit=20")

    @visit("contacts", 40, "search")
    def search(self, visit: Visit) -> None:
        phone = visit.world.people.acquaintance()
        found = visit.call(LIST_CONTACTS, query=f"search={quote(phone[-6:])}&limit=20")
        strangers = [row for row in (found.data if found else []) if not _matches(row.phone, row.name, phone[-6:])]
        if strangers:
            visit.world.outbox.trouble("contact", f"GET /contacts?search={phone[-6:]} gave {strangers[0].phone}")

    @visit("contacts", 20, "tag")
    def tag(self, visit: Visit) -> None:
        self._change(visit, {"tags": visit.world.rng.sample(TAGS, 2)})

    @visit("contacts", 20, "patch")
    def patch(self, visit: Visit) -> None:
        self._change(visit, {"company": f"Works {visit.world.nonce()}"})

    def _change(self, visit: Visit, change: dict[str, object]) -> None:
        world = visit.world
        if not world.contacts:
            return
        changed = visit.call(UPDATE_CONTACT, world.rng.choice(world.contacts), body=change)
        if changed is not None and "company" in change and changed.data.company != change["company"]:
            world.outbox.trouble("contact", f"PATCH /contacts/{{id}}: {change}, answered {changed.data.company!r}")


def _matches(phone: str, name: str | None, text: str) -> bool:
    return text in phone or text.casefold() in (name or "").casefold()
