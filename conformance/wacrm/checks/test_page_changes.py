"""PAGE: rows that change and rows that come while a list is read (02, 04)."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from conformance.target.expect import Lacking, precondition, requirement, that
from conformance.target.expect import rows as listed
from conformance.wacrm.steps import lists
from conformance.wacrm.steps.pagination import out_of_order, paginate
from conformance.wacrm.steps.timestamps import fraction_digits, wait_past

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.target.probe import Api
    from conformance.target.target import Capabilities
    from conformance.wacrm.steps.account import Account

pytestmark = pytest.mark.xdist_group("page")  # nobody makes a crowd of conversations meanwhile


@requirement("PAGE-02")
def test_a_changed_contact_keeps_its_place(account: Account) -> None:
    marker = account.marker()
    made = [account.contact(name=f"{marker} {letter}") for letter in "bca"]
    account.api.patch(f"/contacts/{made[0]['id']}", {"name": f"{marker} z", "company": "moved?"})
    _are_newest_first(account, "/contacts", {"search": marker}, made)


@requirement("PAGE-02")
def test_a_conversation_that_goes_on_keeps_its_place(account: Account, capabilities: Capabilities) -> None:
    if not capabilities.inbound:
        raise Lacking("the target takes no inbound messages")
    contacts = [account.contact(name=account.marker()) for _ in range(3)]
    conversations = [_first_message(account, person) for person in contacts]
    wamid = account.receive(contacts[0]["phone"])
    account.message(conversations[0]["id"], wamid, account.provider.patience)
    _are_newest_first(account, "/conversations", {"limit": 100}, conversations)


@requirement("PAGE-02")
def test_a_message_whose_status_moves_keeps_its_place(account: Account) -> None:
    to = account.numbers.fresh()
    account.provider.script(to)
    sent = [account.send(to) for _ in range(3)]
    item = {"id": sent[0]["whatsapp_message_id"], "status": "read", "recipient_id": to.lstrip("+")}
    account.provider.statuses(account.phone_number_id, item)
    path = f"/conversations/{sent[0]['conversation_id']}/messages"
    rows = [{"id": each["message_id"]} for each in sent]
    _are_newest_first(account, path, {"limit": 100}, rows)


def _first_message(account: Account, person: dict[str, Any]) -> dict[str, Any]:
    account.receive(person["phone"])
    return account.conversation_of(person["id"], account.provider.patience)


def _are_newest_first(account: Account, path: str, params: dict[str, Any], made: list[dict[str, Any]]) -> None:
    """The rows, which were made in this order, stand in the opposite one (as far as their times tell them apart)."""
    exchange = account.api.get(path, **params)
    ids = [row["id"] for row in made]
    shown = [row for row in listed(exchange) if row.get("id") in ids]
    precondition(len(shown) == len(made), f"GET {path} does not show what was made")
    wrong = out_of_order(shown)
    that(wrong is None, "every row before those that are older by (created_at, id)", str(wrong), exchange)
    apart = len({row.get("created_at") for row in shown}) == len(shown)
    inverse = [row["id"] for row in shown] == ids[::-1]
    that(inverse or not apart, "the row that was made last to come first", f"{[row['id'] for row in shown]}", exchange)


# -- PAGE-04 ----------------------------------------------------------------------------------------------------------


@requirement("PAGE-04")
@pytest.mark.parametrize("filtered", ["search", "tag"])
def test_contacts_that_come_during_a_walk_shift_nothing(account: Account, filtered: str) -> None:
    marker, tag = account.marker(), account.marker()
    insert: Callable[[], Any] = lambda: account.contact(name=f"{marker} x", tags=[tag])  # noqa: E731
    made = [_with_distinct_timestamp(insert()) for _ in range(12)]
    params = {"search": marker} if filtered == "search" else {"tag": made[0]["tags"][0]["id"]}
    _inserts_shift_nothing(account.api, "/contacts", params, [row["id"] for row in made], insert)


@requirement("PAGE-04")
@pytest.mark.parametrize("filtered", ["plain", "status"])
def test_conversations_that_come_during_a_walk_shift_nothing(account: Account, filtered: str) -> None:
    insert: Callable[[], Any] = lambda: account.send()["conversation_id"]  # noqa: E731
    made = [insert() for _ in range(12)]
    first = account.api.get(f"/conversations/{made[0]}").json()
    params = {} if filtered == "plain" else {"status": first["data"]["status"]}
    _inserts_shift_nothing(account.api, "/conversations", params, made, insert)


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
            account.message(conversation, account.receive(to), account.provider.patience), "no inbound message"
        )

    insert: Callable[[], Any] = hear if side == "inbound" else lambda: account.send(to)
    path = f"/conversations/{conversation}/messages"
    _inserts_shift_nothing(account.api, path, {}, [each["message_id"] for each in sent], insert)


@requirement("PAGE-04")
def test_endpoints_that_come_during_a_walk_shift_nothing(
    account: Account, capabilities: Capabilities, endpoint_origin: Callable[[], str]
) -> None:
    if not capabilities.webhooks:
        raise Lacking("the target has no webhooks")
    made: list[str] = []

    def insert() -> None:
        made.append(_with_distinct_timestamp(lists.create_endpoint(account, endpoint_origin()))["id"])

    try:
        for _ in range(12):
            insert()
        _inserts_shift_nothing(account.api, "/webhooks", {}, made[:12], insert)
    finally:
        for id_ in made:
            account.api.delete(f"/webhooks/{id_}")


def _with_distinct_timestamp(row: dict[str, Any]) -> dict[str, Any]:
    """The new row, once no other can share its instant: what ties lose is PAGE-05's, or PAGE-03's."""
    if fraction_digits(str(row.get("created_at"))):
        wait_past(row["created_at"])
    return row


def _inserts_shift_nothing(
    api: Api, path: str, params: dict[str, Any], ids: list[str], insert: Callable[[], Any]
) -> None:
    """Walk with new rows after the first page (one) and the second (more than a page)."""
    between = {1: insert, 2: lambda: [insert() for _ in range(7)]}
    pagination = paginate(
        api, path, {**params, "limit": 5}, stop_when=lambda rows: _past_oldest(ids, rows), between=between
    )
    precondition(pagination.problem is None, f"the list cannot be walked: {pagination.problem}")
    times = Counter(str(row.get("id")) for row in pagination.rows)
    missing = [id_ for id_ in ids if not times[id_]]
    repeated = [id_ for id_, count in times.items() if count > 1]
    problem = f"{len(missing)} skipped: {missing}; {len(repeated)} repeated: {repeated}"
    that(
        not missing and not repeated,
        "each older row once, whatever came during the walk",
        problem,
        *pagination.exchanges,
    )


def _past_oldest(ids: list[str], rows: list[dict[str, Any]]) -> bool:
    """Whether an open list has been walked past the oldest of the rows."""
    return len(rows) > 0 and ids[0] in [row.get("id") for row in rows[:-5]]
