"""Two accounts of one deployment, one of which must notice nothing of the other (TENANT)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from conformance.meta.templates import PLAIN
from conformance.target import expect
from conformance.target.waiting import eventually
from conformance.wacrm.steps.account import needed, needed_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.target.exchange import Exchange
    from conformance.wacrm.steps.account import Account, Row
    from conformance.wacrm.steps.valid_requests import Calls


@dataclass(frozen=True)
class Pair:
    """`mine` asks; what it asks for is `theirs`."""

    mine: Calls
    theirs: Calls

    @property
    def turned(self) -> Pair:
        return Pair(self.theirs, self.mine)


@dataclass(frozen=True)
class Shared:
    """One phone number that both accounts have a contact, a conversation and a message with. Meta reports nothing on it."""

    phone: str
    mine: Row
    theirs: Row


def share(pair: Pair) -> Shared:
    """Give both accounts a conversation with one fresh number. `mine` and `theirs` are the answers to the sends."""
    mine, theirs = pair.mine.account, pair.theirs.account
    phone = mine.numbers.fresh()
    mine.mock_meta.script(phone)
    for account in (mine, theirs):
        body = {"phone": phone, "name": account.word(), "company": account.word(), "tags": [account.word()]}
        needed(account.api.post("/contacts", body), 200, 201)
    return Shared(phone, mine.send(phone), theirs.send(phone))


def picture(account: Account, sent: Row) -> dict[str, Any]:
    """All that an account shows of a number: contact, conversation, messages. `sent` is the answer to a send to it."""
    conversation = sent["conversation_id"]
    return {
        "contact": needed(account.api.get(f"/contacts/{sent['contact_id']}"), 200),
        "conversation": needed(account.api.get(f"/conversations/{conversation}"), 200),
        "conversations": [row["id"] for row in account.pages("/conversations", contact_id=sent["contact_id"])],
        "messages": account.messages(conversation),
    }


def account_id(account: Account) -> str:
    """The account's id as `GET /me` tells it, empty when it does not."""
    me = needed(account.api.get("/me"), 200)
    inner = me.get("account")
    return str((inner.get("id") if isinstance(inner, dict) else None) or me.get("account_id") or "")


def differences(before: dict[str, Any], after: dict[str, Any]) -> str:
    """Which parts of two pictures differ, in words; empty when none does."""
    return "; ".join(f"{part}: {before[part]} became {after[part]}" for part in before if before[part] != after[part])


def eventually_changed(account: Account, sent: Row, before: dict[str, Any], patience: float) -> None:
    """Wait until the account's own picture differs; no verdict when what was done shows nowhere."""
    changed = eventually(lambda: differences(before, picture(account, sent)), patience)
    expect.precondition(changed, "what was done in one account does not show there, so nothing is known of the other")


def rename(account: Account, shared: Shared, own: Row) -> None:  # noqa: ARG001 - one signature for all acts
    body = {"name": account.word(), "email": f"{account.word()}@wacrm.invalid", "company": account.word()}
    needed(account.api.patch(f"/contacts/{own['contact_id']}", body), 200)


def clear(account: Account, shared: Shared, own: Row) -> None:  # noqa: ARG001
    body: dict[str, Any] = {"name": None, "email": None, "company": None, "tags": []}
    needed(account.api.patch(f"/contacts/{own['contact_id']}", body), 200)


def tag(account: Account, shared: Shared, own: Row) -> None:  # noqa: ARG001
    needed(account.api.patch(f"/contacts/{own['contact_id']}", {"tags": [account.word(), account.word()]}), 200)


def send_text(account: Account, shared: Shared, own: Row) -> None:  # noqa: ARG001
    account.send(shared.phone, name=account.word())


def send_template(account: Account, shared: Shared, own: Row) -> None:  # noqa: ARG001
    account.send(shared.phone, type="template", template={"name": PLAIN, "language": "en_US"})


def hear(account: Account, shared: Shared, own: Row) -> None:  # noqa: ARG001
    account.receive(shared.phone, profile_name=account.word())


def hear_an_answer(account: Account, shared: Shared, own: Row) -> None:
    account.receive(shared.phone, context={"id": own["whatsapp_message_id"], "from": "15550100000"})


def learn_a_status(account: Account, shared: Shared, own: Row) -> None:
    status = {"id": own["whatsapp_message_id"], "status": "delivered", "recipient_id": shared.phone.lstrip("+")}
    account.mock_meta.acknowledged(account.mock_meta.statuses(account.phone_number_id, status))


HEARD = (hear, hear_an_answer, learn_a_status)
"""Acts that begin with a webhook of Meta's."""
ACTS = (rename, clear, tag, send_text, send_template, *HEARD)
"""What an account may do about a number that another account has as well; each shows in its own picture."""


def walk(account: Account, path: str, pages: int, /, **params: Any) -> Iterator[tuple[Row, Exchange]]:  # noqa: ANN401
    """The rows of the first pages of a list, each with the answer it was in. A refused page ends the walk."""
    cursor: str | None = None
    for _ in range(pages):
        exchange = account.api.get(path, **params, **({} if cursor is None else {"cursor": cursor}))
        if 400 <= (exchange.status or 0) < 500:
            return
        for row in needed_rows(exchange):
            yield row, exchange
        cursor = (exchange.json().get("meta") or {}).get("next_cursor")
        if cursor is None:
            return
