"""`contacts`: create, find, read, search, tag, change."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from loadtests.users.answers import CREATE_CONTACT, GET_CONTACT, LIST_CONTACTS, UPDATE_CONTACT
from loadtests.users.scenario import Scenario
from loadtests.users.user import OpenModelUser, task

if TYPE_CHECKING:
    from loadtests.users.task import Task

TAGS = ("vip", "lead", "support", "newsletter", "churned")


CONTACTS = Scenario(
    "contacts",
    "create, find, read, search, tag and change contacts",
    slos={"operations": {"contacts/createContact": {"p95": 2.0}}},
)


class ContactsScenario(OpenModelUser):
    """Agents and scripts maintain contacts."""

    scenario = CONTACTS

    @task(CONTACTS, 50, "create")
    def create(self, task: Task) -> None:
        worker = task.worker
        phone, name = worker.recipients.new(), f"Ada {worker.nonce()}"
        made = task.call(CREATE_CONTACT, body={"phone": phone, "name": name, "tags": [worker.rng.choice(TAGS)]})
        if made is None:
            return
        worker.recipients.remember(phone)
        worker.remember(worker.contacts, made.data.id)
        if made.data.phone != phone:
            worker.outbox.observe("contact", f"POST /contacts: asked for {phone}, got {made.data.phone}")

    @task(CONTACTS, 30, "find")
    def find(self, task: Task) -> None:
        """Create what is there already: the contact itself comes back, never a second one."""
        worker = task.worker
        phone = worker.recipients.known()
        found = task.call(CREATE_CONTACT, body={"phone": phone})
        if found is not None and found.data.phone != phone:
            worker.outbox.observe("contact", f"POST /contacts: asked for {phone}, got {found.data.phone}")

    @task(CONTACTS, 40, "read")
    def read(self, task: Task) -> None:
        if task.worker.contacts:
            task.call(GET_CONTACT, task.worker.rng.choice(task.worker.contacts))
        else:
            task.call(LIST_CONTACTS, query="limit=20")

    @task(CONTACTS, 40, "search")
    def search(self, task: Task) -> None:
        phone = task.worker.recipients.known()
        found = task.call(LIST_CONTACTS, query=f"search={quote(phone[-6:])}&limit=20")
        others = [row for row in (found.data if found else []) if not _matches(row.phone, row.name, phone[-6:])]
        if others:
            task.worker.outbox.observe("contact", f"GET /contacts?search={phone[-6:]} gave {others[0].phone}")

    @task(CONTACTS, 20, "tag")
    def tag(self, task: Task) -> None:
        self._change(task, {"tags": task.worker.rng.sample(TAGS, 2)})

    @task(CONTACTS, 20, "patch")
    def patch(self, task: Task) -> None:
        self._change(task, {"company": f"Works {task.worker.nonce()}"})

    def _change(self, task: Task, change: dict[str, object]) -> None:
        worker = task.worker
        if not worker.contacts:
            return
        changed = task.call(UPDATE_CONTACT, worker.rng.choice(worker.contacts), body=change)
        if changed is not None and "company" in change and changed.data.company != change["company"]:
            worker.outbox.observe("contact", f"PATCH /contacts/{{id}}: {change}, answered {changed.data.company!r}")


def _matches(phone: str, name: str | None, text: str) -> bool:
    return text in phone or text.casefold() in (name or "").casefold()
