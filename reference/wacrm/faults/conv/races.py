"""CONV-13: webhooks of a new customer that are worked on at the same time."""

import asyncio
from collections.abc import Callable
from contextvars import ContextVar

from reference.wacrm.assembly import Wacrm
from reference.wacrm.faults.registry import fault
from reference.wacrm.inbound.meta_webhook import Post
from reference.wacrm.patching.steps import drop_index, replace_step, wrap
from reference.wacrm.protocol.bodies import MessageCreate
from reference.wacrm.protocol.envelope import Json
from reference.wacrm.storage.database import Row

_SECONDS = 0.05


def _race(wacrm: Wacrm) -> Callable[[str], bool]:
    """Webhooks are worked on side by side; says of a phone whether its contact was missing when the webhook was begun."""
    known: ContextVar[frozenset[str] | None] = ContextVar("known", default=None)
    process, tasks = wacrm.meta_webhook.process, set[asyncio.Task[None]]()

    async def looked_up_first(post: Post) -> None:
        known.set(frozenset(row["phone"] for row in wacrm.db.rows("SELECT phone FROM contacts", {})))
        await asyncio.sleep(_SECONDS)
        await process(post)

    def at_once(post: Post) -> None:
        task = asyncio.get_running_loop().create_task(looked_up_first(post))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    def was_missing(phone: str) -> bool:
        at_first = known.get()
        if at_first is None or phone in at_first:
            return False
        known.set(at_first | {phone})  # the webhook's own first message makes it known to the next
        return True

    replace_step(wacrm.meta_webhook, "queue", at_once)
    return was_missing


@fault("CONV-13", "each webhook that found no conversation makes one, as nothing in the table forbids it")
def a_strangers_webhooks_open_two_conversations(wacrm: Wacrm) -> None:
    drop_index(wacrm, "conversations_by_contact")
    was_missing, find_or_add = _race(wacrm), wacrm.conversations.find_or_add

    def opened(account: str, contact: str) -> tuple[Row, bool]:
        row, known = wacrm.contacts.find(account, contact), wacrm.conversations.find_contact(account, contact)
        missed = row is not None and was_missing(row["phone"])
        if known is None:
            return find_or_add(account, contact)
        if not missed:
            return known, False
        values = {"id": wacrm.ids.new(), "account": account, "contact": contact, "now": wacrm.clock.now()}
        wacrm.db.run(wacrm.conversations.sql.add, values)
        made = wacrm.conversations.find(account, values["id"])
        assert made is not None
        return made, True

    wrap(wacrm.conversations, "find_or_add", opened)


@fault("CONV-13", "each webhook that found no contact makes one, as nothing in the table forbids it")
def a_strangers_webhooks_make_two_contacts(wacrm: Wacrm) -> None:
    drop_index(wacrm, "contacts_by_phone")
    was_missing, find_or_add = _race(wacrm), wacrm.contacts.find_or_add

    def made(
        account: str, phone: str, name: str | None, email: str | None = None, company: str | None = None
    ) -> tuple[Row, bool]:
        known, missed = wacrm.contacts.find_phone(account, phone), was_missing(phone)
        if known is not None and not missed:
            return known, False
        row, _ = find_or_add(account, phone, name, email, company)
        if known is None:
            return row, True
        newest = "SELECT * FROM contacts WHERE account_id = :account AND phone = :phone ORDER BY id DESC LIMIT 1"
        twin = wacrm.db.row(newest, {"account": account, "phone": phone})
        assert twin is not None
        return twin, True

    wrap(wacrm.contacts, "find_or_add", made)


@fault("CONV-13", "the unique constraint ends the race, and the loser's message is dropped with the error")
def a_strangers_second_webhook_is_dropped(wacrm: Wacrm) -> None:
    was_missing, receive = _race(wacrm), wacrm.inbound.receive

    def dropped(account: str, item: Json, names: dict[str, str], media_root: str) -> None:
        _, phone = wacrm.inbound.identify(item)
        if was_missing(phone) and wacrm.contacts.find_phone(account, phone) is not None:
            raise RuntimeError("duplicate key value violates unique constraint")
        receive(account, item, names, media_root)

    wrap(wacrm.inbound, "receive", dropped)


@fault(
    "CONV-13", "while a first message is being sent, the customer's own are put into a conversation that is rolled back"
)
def messages_to_a_stranger_who_is_being_written_to_are_lost(wacrm: Wacrm) -> None:
    send, receive, under_way = wacrm.messages.send, wacrm.inbound.receive, set[str]()

    async def sending(account: str, body: MessageCreate) -> Json:
        if wacrm.messages.conversation_of(account, body.to) is None:
            under_way.add(body.to)
        try:
            return await send(account, body)
        finally:
            under_way.discard(body.to)

    def received(account: str, item: Json, names: dict[str, str], media_root: str) -> None:
        _, phone = wacrm.inbound.identify(item)
        if phone not in under_way:
            receive(account, item, names, media_root)

    wrap(wacrm.messages, "send", sending)
    wrap(wacrm.inbound, "receive", received)
