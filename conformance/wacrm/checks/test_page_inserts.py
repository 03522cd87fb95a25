"""PAGE-04: rows inserted while the list is read."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from conformance.target.expect import precondition, requirement, that
from conformance.target.verdicts import Lacking
from conformance.wacrm.steps import lists
from conformance.wacrm.steps.contacts import tag_id
from conformance.wacrm.steps.pagination import paginate
from conformance.wacrm.steps.timestamps import fraction_digits, wait_past

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.target.api import Api
    from conformance.target.target import Capabilities
    from conformance.wacrm.steps.account import Account


pytestmark = pytest.mark.xdist_group("page")  # no other worker creates many conversations meanwhile


@requirement("PAGE-04")
@pytest.mark.parametrize("filtered", ["search", "tag"])
def test_contacts_inserted_while_paging_do_not_shift_older_rows(account: Account, filtered: str) -> None:
    marker, tag = account.marker(), account.marker()
    insert: Callable[[], Any] = lambda: account.contact(name=f"{marker} x", tags=[tag])  # noqa: E731
    made = [_with_distinct_timestamp(insert()) for _ in range(12)]
    params = {"search": marker} if filtered == "search" else {"tag": tag_id(made[0], tag)}
    _inserts_shift_nothing(account.api, "/contacts", params, [row["id"] for row in made], insert)


@requirement("PAGE-04")
@pytest.mark.parametrize("filtered", ["plain", "status"])
def test_conversations_inserted_while_paging_do_not_shift_older_rows(account: Account, filtered: str) -> None:
    insert: Callable[[], Any] = lambda: account.send()["conversation_id"]  # noqa: E731
    made = [insert() for _ in range(12)]
    first = account.api.get(f"/conversations/{made[0]}").json()
    params = {} if filtered == "plain" else {"status": first["data"]["status"]}
    _inserts_shift_nothing(account.api, "/conversations", params, made, insert)


@requirement("PAGE-04")
@pytest.mark.parametrize("side", ["outbound", "inbound"])
def test_messages_inserted_while_paging_do_not_shift_older_rows(
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

    insert: Callable[[], Any] = hear if side == "inbound" else lambda: account.send(to)
    path = f"/conversations/{conversation}/messages"
    _inserts_shift_nothing(account.api, path, {}, [each["message_id"] for each in sent], insert)


@requirement("PAGE-04")
def test_endpoints_inserted_while_paging_do_not_shift_older_rows(
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
    """The new row, once no other row can get the same timestamp: PAGE-05 checks ties."""
    if fraction_digits(str(row.get("created_at"))):
        wait_past(row["created_at"])
    return row


def _inserts_shift_nothing(
    api: Api, path: str, params: dict[str, Any], ids: list[str], insert: Callable[[], Any]
) -> None:
    """Read the list while one row is inserted after the first page and more than a page after the second."""
    between = {1: insert, 2: lambda: [insert() for _ in range(7)]}
    pagination = paginate(
        api, path, {**params, "limit": 5}, stop_when=lambda rows: _past_oldest(ids, rows), between=between
    )
    precondition(pagination.problem is None, f"the list cannot be read to its end: {pagination.problem}")
    times = Counter(str(row.get("id")) for row in pagination.rows)
    missing = [id_ for id_ in ids if not times[id_]]
    repeated = [id_ for id_, count in times.items() if count > 1]
    problem = f"{len(missing)} skipped: {missing}; {len(repeated)} repeated: {repeated}"
    that(
        not missing and not repeated,
        "each older row once, with rows inserted while reading",
        problem,
        *pagination.exchanges,
    )


def _past_oldest(ids: list[str], rows: list[dict[str, Any]]) -> bool:
    """Whether reading is past the oldest of the rows."""
    return len(rows) > 0 and ids[0] in [row.get("id") for row in rows[:-5]]
