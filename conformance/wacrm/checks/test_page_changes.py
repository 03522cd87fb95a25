"""PAGE: rows that change and rows that come while a list is read (02, 04)."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from conformance.target.expect import precondition, requirement, that
from conformance.target.verdicts import Lacking
from conformance.wacrm.steps import lists
from conformance.wacrm.steps.envelope import rows as listed
from conformance.wacrm.steps.pagination import misplaced, walk
from conformance.wacrm.steps.timestamps import digits, tick

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.target.api import Api
    from conformance.target.target import Capabilities
    from conformance.wacrm.steps.account import Account

pytestmark = pytest.mark.xdist_group("page")  # nobody makes a crowd of conversations meanwhile


@requirement("PAGE-02")
def test_a_changed_contact_keeps_its_place(account: Account) -> None:
    word = account.word()
    made = [account.contact(name=f"{word} {letter}") for letter in "bca"]
    account.api.patch(f"/contacts/{made[0]['id']}", {"name": f"{word} z", "company": "moved?"})
    _stand_in(account, "/contacts", {"search": word}, made)


@requirement("PAGE-02")
def test_a_conversation_that_goes_on_keeps_its_place(account: Account, capabilities: Capabilities) -> None:
    if not capabilities.inbound:
        raise Lacking("the target takes no inbound messages")
    people = [account.contact(name=account.word()) for _ in range(3)]
    talks = [_first_message(account, person) for person in people]
    wamid = account.receive(people[0]["phone"])
    account.message(talks[0]["id"], wamid, account.mock_meta.patience)
    _stand_in(account, "/conversations", {"limit": 100}, talks)


@requirement("PAGE-02")
def test_a_message_whose_status_moves_keeps_its_place(account: Account) -> None:
    to = account.numbers.fresh()
    account.mock_meta.script(to)
    sent = [account.send(to) for _ in range(3)]
    item = {"id": sent[0]["whatsapp_message_id"], "status": "read", "recipient_id": to.lstrip("+")}
    account.mock_meta.statuses(account.phone_number_id, item)
    path = f"/conversations/{sent[0]['conversation_id']}/messages"
    rows = [{"id": each["message_id"]} for each in sent]
    _stand_in(account, path, {"limit": 100}, rows)


def _first_message(account: Account, person: dict[str, Any]) -> dict[str, Any]:
    account.receive(person["phone"])
    return account.conversation_of(person["id"], account.mock_meta.patience)


def _stand_in(account: Account, path: str, params: dict[str, Any], made: list[dict[str, Any]]) -> None:
    """The rows, which were made in this order, stand in the opposite one (as far as their times tell them apart)."""
    exchange = account.api.get(path, **params)
    ids = [row["id"] for row in made]
    shown = [row for row in listed(exchange) if row.get("id") in ids]
    precondition(len(shown) == len(made), f"GET {path} does not show what was made")
    wrong = misplaced(shown)
    that(wrong is None, "every row before those that are older by (created_at, id)", str(wrong), exchange)
    apart = len({row.get("created_at") for row in shown}) == len(shown)
    inverse = [row["id"] for row in shown] == ids[::-1]
    that(inverse or not apart, "the row that was made last to come first", f"{[row['id'] for row in shown]}", exchange)


# -- PAGE-04 ----------------------------------------------------------------------------------------------------------


@requirement("PAGE-04")
@pytest.mark.parametrize("filtered", ["search", "tag"])
def test_contacts_that_come_during_a_walk_shift_nothing(account: Account, filtered: str) -> None:
    word, tag = account.word(), account.word()
    add: Callable[[], Any] = lambda: account.contact(name=f"{word} x", tags=[tag])  # noqa: E731
    made = [_alone(add()) for _ in range(12)]
    params = {"search": word} if filtered == "search" else {"tag": made[0]["tags"][0]["id"]}
    _undisturbed(account.api, "/contacts", params, [row["id"] for row in made], add)


@requirement("PAGE-04")
@pytest.mark.parametrize("filtered", ["plain", "status"])
def test_conversations_that_come_during_a_walk_shift_nothing(account: Account, filtered: str) -> None:
    add: Callable[[], Any] = lambda: account.send()["conversation_id"]  # noqa: E731
    made = [add() for _ in range(12)]
    first = account.api.get(f"/conversations/{made[0]}").json()
    params = {} if filtered == "plain" else {"status": first["data"]["status"]}
    _undisturbed(account.api, "/conversations", params, made, add)


@requirement("PAGE-04")
@pytest.mark.parametrize("side", ["outbound", "inbound"])
def test_messages_that_come_during_a_walk_shift_nothing(
    account: Account, capabilities: Capabilities, side: str
) -> None:
    if side == "inbound" and not capabilities.inbound:
        raise Lacking("the target takes no inbound messages")
    to = account.numbers.fresh()
    sent = [account.send(to) for _ in range(12)]
    conversation = sent[0]["conversation_id"]

    def hear() -> None:
        precondition(
            account.message(conversation, account.receive(to), account.mock_meta.patience), "no inbound message"
        )

    add: Callable[[], Any] = hear if side == "inbound" else lambda: account.send(to)
    path = f"/conversations/{conversation}/messages"
    _undisturbed(account.api, path, {}, [each["message_id"] for each in sent], add)


@requirement("PAGE-04")
def test_endpoints_that_come_during_a_walk_shift_nothing(
    account: Account, capabilities: Capabilities, hook_origin: Callable[[], str]
) -> None:
    if not capabilities.webhooks:
        raise Lacking("the target has no webhooks")
    made: list[str] = []

    def add() -> None:
        made.append(_alone(lists.make_endpoint(account, hook_origin()))["id"])

    try:
        for _ in range(12):
            add()
        _undisturbed(account.api, "/webhooks", {}, made[:12], add)
    finally:
        for id_ in made:
            account.api.delete(f"/webhooks/{id_}")


def _alone(row: dict[str, Any]) -> dict[str, Any]:
    """The new row, once no other can share its instant: what ties lose is PAGE-05's, or PAGE-03's."""
    if digits(str(row.get("created_at"))):
        tick(row["created_at"])
    return row


def _undisturbed(api: Api, path: str, params: dict[str, Any], ids: list[str], add: Callable[[], Any]) -> None:
    """Walk with new rows after the first page (one) and the second (more than a page)."""
    between = {1: add, 2: lambda: [add() for _ in range(7)]}
    walked = walk(api, path, {**params, "limit": 5}, enough=lambda rows: _last_of(ids, rows), between=between)
    precondition(walked.trouble is None, f"the list cannot be walked: {walked.trouble}")
    times = Counter(str(row.get("id")) for row in walked.rows)
    missing = [id_ for id_ in ids if not times[id_]]
    repeated = [id_ for id_, count in times.items() if count > 1]
    problem = f"{len(missing)} skipped: {missing}; {len(repeated)} repeated: {repeated}"
    that(not missing and not repeated, "each older row once, whatever came during the walk", problem, *walked.exchanges)


def _last_of(ids: list[str], rows: list[dict[str, Any]]) -> bool:
    """Whether an open list has been walked past the oldest of the rows."""
    return len(rows) > 0 and ids[0] in [row.get("id") for row in rows[:-5]]
