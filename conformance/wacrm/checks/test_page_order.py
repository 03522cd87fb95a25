"""PAGE-02: newest first by `(created_at, id)`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from conformance.target.expect import precondition, requirement, that
from conformance.target.verdicts import Lacking
from conformance.wacrm.expectations.envelope import rows as listed
from conformance.wacrm.steps.pagination import out_of_order

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.target.api import Api
    from conformance.target.target import Capabilities
    from conformance.wacrm.steps.account import Account
from typing import TYPE_CHECKING

from conformance.wacrm.steps.lists import ALL_VIEWS
from conformance.wacrm.steps.pagination import readable_page

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.target.api import Api
    from conformance.wacrm.steps.account import Account
    from conformance.wacrm.steps.pagination import View


pytestmark = pytest.mark.xdist_group("page")  # one worker creates the rows


@requirement("PAGE-02")
@pytest.mark.parametrize("limit", [7, 100])
@pytest.mark.parametrize("name", ALL_VIEWS)
def test_rows_are_sorted_newest_first(api: Api, view_of: Callable[[str], View], name: str, limit: int) -> None:
    pagination = view_of(name).paginate(api, limit)
    wrong = out_of_order(pagination.rows)
    that(wrong is None, "every row before those that are older by (created_at, id)", str(wrong), *pagination.exchanges)


@requirement("PAGE-02")
def test_a_changed_endpoint_keeps_its_position(api: Api, view_of: Callable[[str], View]) -> None:
    view = view_of("webhooks")
    oldest = min(view.timestamps, key=lambda id_: view.timestamps[id_])
    api.patch(f"/webhooks/{oldest}", {"events": ["conversation.created"]})
    page = readable_page(api, view, limit=100)
    wrong = out_of_order(page.rows)
    that(wrong is None, "every endpoint before those that are older", str(wrong), page.exchange)


@requirement("PAGE-02")
def test_a_changed_contact_keeps_its_position(account: Account) -> None:
    marker = account.marker()
    made = [account.contact(name=f"{marker} {letter}") for letter in "bca"]
    account.api.patch(f"/contacts/{made[0]['id']}", {"name": f"{marker} z", "company": "moved?"})
    _are_newest_first(account, "/contacts", {"search": marker}, made)


@requirement("PAGE-02")
def test_a_conversation_with_a_new_message_keeps_its_position(account: Account, capabilities: Capabilities) -> None:
    if not capabilities.inbound:
        raise Lacking("the target takes no inbound messages")
    contacts = [account.contact(name=account.marker()) for _ in range(3)]
    conversations = [_first_message(account, person) for person in contacts]
    wamid = account.receive(account.phone_of(contacts[0]))
    account.message(conversations[0]["id"], wamid, account.mock_meta.patience)
    _are_newest_first(account, "/conversations", {"limit": 100}, conversations)


@requirement("PAGE-02")
def test_a_message_with_a_new_status_keeps_its_position(account: Account) -> None:
    to = account.numbers.fresh()
    account.mock_meta.script(to)
    sent = [account.send(to) for _ in range(3)]
    item = {"id": sent[0]["whatsapp_message_id"], "status": "read", "recipient_id": to.lstrip("+")}
    account.mock_meta.statuses(account.phone_number_id, item)
    path = f"/conversations/{sent[0]['conversation_id']}/messages"
    rows = [{"id": each["message_id"]} for each in sent]
    _are_newest_first(account, path, {"limit": 100}, rows)


def _first_message(account: Account, person: dict[str, Any]) -> dict[str, Any]:
    account.receive(account.phone_of(person))
    return account.conversation_of(person["id"], account.mock_meta.patience)


def _are_newest_first(account: Account, path: str, params: dict[str, Any], made: list[dict[str, Any]]) -> None:
    """The rows are shown in reverse order of creation, as far as their timestamps differ."""
    exchange = account.api.get(path, **params)
    ids = [row["id"] for row in made]
    shown = [row for row in listed(exchange) if row.get("id") in ids]
    precondition(len(shown) == len(made), f"GET {path} does not show the rows that were created")
    wrong = out_of_order(shown)
    that(wrong is None, "every row before those that are older by (created_at, id)", str(wrong), exchange)
    apart = len({row.get("created_at") for row in shown}) == len(shown)
    inverse = [row["id"] for row in shown] == ids[::-1]
    that(inverse or not apart, "the rows in reverse order of creation", f"{[row['id'] for row in shown]}", exchange)
