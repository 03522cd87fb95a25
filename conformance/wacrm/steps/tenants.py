"""Two accounts of one deployment, which must not affect each other (TENANT)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from conformance.meta.templates import PLAIN
from conformance.target import expect
from conformance.target.waiting import eventually
from conformance.wacrm.steps.account import required, required_rows
from conformance.wacrm.steps.own_account import own_account

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.target.exchange import Exchange
    from conformance.wacrm.steps.account import Account, Row
    from conformance.wacrm.steps.valid_requests import Calls


@dataclass(frozen=True)
class Tenants:
    """`mine` makes requests about rows of `theirs`."""

    mine: Calls
    theirs: Calls

    @property
    def swapped(self) -> Tenants:
        return Tenants(self.theirs, self.mine)


@dataclass(frozen=True)
class SharedNumber:
    """A phone number with which both accounts have a contact, a conversation and a message. Meta reports nothing
    about it.
    """

    phone: str
    mine: Row
    theirs: Row


def share_number(tenants: Tenants) -> SharedNumber:
    """Create a conversation with one fresh number in both accounts. `mine` and `theirs` are the answers to the sends."""
    mine, theirs = tenants.mine.account, tenants.theirs.account
    phone = mine.numbers.fresh()
    mine.mock_meta.script(phone)
    for account in (mine, theirs):
        body = {"phone": phone, "name": account.marker(), "company": account.marker(), "tags": [account.marker()]}
        required(account.api.post("/contacts", body), 200, 201)
    return SharedNumber(phone, mine.send(phone), theirs.send(phone))


def snapshot(account: Account, sent: Row) -> dict[str, Any]:
    """What an account shows of a number: contact, conversation, messages. `sent` is the answer to a send to it."""
    conversation = sent["conversation_id"]
    return {
        "contact": required(account.api.get(f"/contacts/{sent['contact_id']}"), 200),
        "conversation": required(account.api.get(f"/conversations/{conversation}"), 200),
        "conversations": [row["id"] for row in account.pages("/conversations", contact_id=sent["contact_id"])],
        "messages": account.messages(conversation),
    }


def account_id(account: Account) -> str:
    """The account's id in `GET /me`; empty if it is not there."""
    return own_account(account.api.get("/me")).id or ""


def differences(before: dict[str, Any], after: dict[str, Any]) -> str:
    """The parts of two snapshots that differ, in words; empty when none does."""
    return "; ".join(f"{part}: {before[part]} became {after[part]}" for part in before if before[part] != after[part])


def wait_for_change(account: Account, sent: Row, before: dict[str, Any], patience: float) -> None:
    """Wait until the account's own snapshot differs; no verdict when it never does."""
    changed = eventually(lambda: differences(before, snapshot(account, sent)), patience)
    expect.precondition(
        changed, "a change in one account does not show in that account, so nothing is known about the other"
    )


def rename(account: Account, shared: SharedNumber, own: Row) -> None:  # noqa: ARG001 - one signature for all acts
    body = {"name": account.marker(), "email": f"{account.marker()}@wacrm.invalid", "company": account.marker()}
    required(account.api.patch(f"/contacts/{own['contact_id']}", body), 200)


def clear(account: Account, shared: SharedNumber, own: Row) -> None:  # noqa: ARG001
    body: dict[str, Any] = {"name": None, "email": None, "company": None, "tags": []}
    required(account.api.patch(f"/contacts/{own['contact_id']}", body), 200)


def tag(account: Account, shared: SharedNumber, own: Row) -> None:  # noqa: ARG001
    required(account.api.patch(f"/contacts/{own['contact_id']}", {"tags": [account.marker(), account.marker()]}), 200)


def send_text(account: Account, shared: SharedNumber, own: Row) -> None:  # noqa: ARG001
    account.send(shared.phone, name=account.marker())


def send_template(account: Account, shared: SharedNumber, own: Row) -> None:  # noqa: ARG001
    account.send(shared.phone, type="template", template={"name": PLAIN, "language": "en_US"})


def receive_message(account: Account, shared: SharedNumber, own: Row) -> None:  # noqa: ARG001
    account.receive(shared.phone, profile_name=account.marker())


def receive_reply(account: Account, shared: SharedNumber, own: Row) -> None:
    account.receive(shared.phone, context={"id": own["whatsapp_message_id"], "from": "15550100000"})


def receive_status(account: Account, shared: SharedNumber, own: Row) -> None:
    status = {"id": own["whatsapp_message_id"], "status": "delivered", "recipient_id": shared.phone.lstrip("+")}
    account.mock_meta.acknowledged(account.mock_meta.statuses(account.phone_number_id, status))


WEBHOOK_ACTIONS = (receive_message, receive_reply, receive_status)
"""Actions that begin with a webhook of Meta's."""
ACTIONS = (rename, clear, tag, send_text, send_template, *WEBHOOK_ACTIONS)
"""What an account may do about a number that both accounts have; each action changes the account's own snapshot."""


def first_pages(account: Account, path: str, pages: int, /, **params: Any) -> Iterator[tuple[Row, Exchange]]:  # noqa: ANN401
    """The rows of the first pages of a list, each with its answer. A refused page ends the list."""
    cursor: str | None = None
    for _ in range(pages):
        exchange = account.api.get(path, **params, **({} if cursor is None else {"cursor": cursor}))
        if 400 <= (exchange.status or 0) < 500:
            return
        for row in required_rows(exchange):
            yield row, exchange
        cursor = (exchange.json().get("meta") or {}).get("next_cursor")
        if cursor is None:
            return
