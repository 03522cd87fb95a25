"""HOOK-03: listing, reading, changing and deleting endpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from conformance.target import expect
from conformance.target.expect import requirement
from conformance.target.waiting import eventually
from conformance.wacrm.expectations import envelope
from conformance.wacrm.steps.endpoints import CREATED, RECEIVED, STABLE, STATUS, Endpoints, stable_members

if TYPE_CHECKING:
    from conformance.wacrm.steps.account import Account, Row
    from conformance.wacrm.steps.endpoints import Endpoint
    from conformance.webhooks.receiver_client import Attempt


READ_ONLY: Row = {
    "id": "00000000-0000-4000-8000-000000000000",
    "created_at": "2001-01-01T00:00:00.000Z",
    "failure_count": 7,
    "last_delivery_at": "2001-01-01T00:00:00.000Z",
}


@requirement("HOOK-03")
def test_an_endpoint_is_listed_and_read_as_registered(endpoints: Endpoints) -> None:
    first, second = endpoints.register(RECEIVED), endpoints.register(STATUS, CREATED)
    answer = endpoints.api.get("/webhooks", limit=100)
    listed = {row.get("id"): row for row in envelope.rows(answer)}
    for endpoint in (first, second):
        created = {name: value for name, value in envelope.record(endpoint.answer, 201).items() if name in STABLE}
        read = endpoints.api.get(f"/webhooks/{endpoint.id}")
        for row, where in ((listed.get(endpoint.id), answer), (envelope.record(read, 200), read)):
            expect.that(row is not None, "the endpoint in the list", "it is not listed", answer)
            expect.equal({name: (row or {}).get(name) for name in created}, created, "the endpoint", where)


@requirement("HOOK-03")
@pytest.mark.parametrize("name", ["url", "events", "is_active"])
def test_a_patch_changes_the_sent_members_only(endpoints: Endpoints, name: str) -> None:
    endpoint = endpoints.register(RECEIVED, STATUS)
    before = stable_members(endpoint.row())
    value: Any = {"url": endpoints.receiver.url(endpoints.path()), "events": [CREATED, STATUS], "is_active": False}[
        name
    ]
    answer = endpoints.api.patch(f"/webhooks/{endpoint.id}", {name: value})
    expected = {**before, name: value}
    for row, where in ((envelope.record(answer, 200), answer), (endpoint.row(), answer)):
        seen = stable_members(row)
        if name == "events":
            expect.same_members(seen.pop("events") or [], value, "events", where)
        expect.equal(seen, {field: expected[field] for field in seen}, "the endpoint after the change", where)


@requirement("HOOK-03")
def test_an_inactive_endpoint_is_listed_and_read(endpoints: Endpoints) -> None:
    endpoint = endpoints.register(RECEIVED)
    endpoints.api.patch(f"/webhooks/{endpoint.id}", {"is_active": False})
    read = endpoints.api.get(f"/webhooks/{endpoint.id}")
    for row in (endpoints.rows().get(endpoint.id, {}), envelope.record(read, 200)):
        expect.equal(row.get("is_active"), False, "is_active in the list and by itself", read)  # noqa: FBT003 - JSON


@requirement("HOOK-03")
def test_one_patch_changes_several_members(endpoints: Endpoints) -> None:
    endpoint = endpoints.register(RECEIVED)
    url = endpoints.receiver.url(endpoints.path())
    endpoints.api.patch(f"/webhooks/{endpoint.id}", {"url": url, "events": [STATUS], "is_active": False})
    row = endpoint.row()
    seen = (row.get("url"), row.get("events"), row.get("is_active"))
    expect.equal(seen, (url, [STATUS], False), "url, events and is_active", endpoint.answer)


@requirement("HOOK-03")
def test_deliveries_go_to_the_changed_url(account: Account, endpoints: Endpoints) -> None:
    old = endpoints.register(RECEIVED)
    new = old.moved_to_new_path()
    wamid = account.receive(account.numbers.fresh())
    deliveries = new.wait(RECEIVED, whatsapp_message_id=wamid)
    endpoints.require_reachable()
    expect.that(deliveries, "a delivery to the new url", "none")
    expect.equal(len(old.events(RECEIVED, whatsapp_message_id=wamid)), 0, "deliveries to the old url")


def first_delivery(endpoint: Endpoint, endpoints: Endpoints) -> list[Attempt]:
    """The deliveries of `message.received`, after waiting for one; no verdict when the receiver is out of reach."""
    found = endpoint.wait(RECEIVED)
    endpoints.require_reachable()
    return found


@requirement("HOOK-03")
def test_a_delivery_sets_last_delivery_at(account: Account, endpoints: Endpoints) -> None:
    endpoint = endpoints.register(RECEIVED)
    created = envelope.record(endpoint.answer, 201)
    expect.equal(
        expect.member(created, "last_delivery_at"), None, "last_delivery_at before any delivery", endpoint.answer
    )
    account.receive(account.numbers.fresh())
    expect.precondition(first_delivery(endpoint, endpoints), "no delivery arrives")
    row = endpoint.until(lambda row: row.get("last_delivery_at"))
    expect.that(isinstance(row.get("last_delivery_at"), str), "last_delivery_at after a delivery", expect.show(row))


@requirement("HOOK-03")
def test_further_deliveries_update_last_delivery_at(account: Account, endpoints: Endpoints) -> None:
    """Deliveries go on until even a timestamp in whole seconds must have changed."""
    endpoint, customer = endpoints.register(RECEIVED), account.numbers.fresh()
    account.receive(customer)
    expect.precondition(first_delivery(endpoint, endpoints), "no delivery arrives")
    first = endpoint.until(lambda row: row.get("last_delivery_at")).get("last_delivery_at")
    expect.precondition(first, "last_delivery_at is not set")

    def is_updated() -> bool:
        account.receive(customer)
        return bool(endpoint.row().get("last_delivery_at") != first)

    moved = eventually(is_updated, endpoints.receiver.patience, 0.4)
    expect.precondition(len(endpoint.attempts()) > 1, "no further delivery arrives")
    expect.that(moved, f"last_delivery_at later than {first} after further deliveries", "it did not change")


@requirement("HOOK-03")
@pytest.mark.parametrize("name", READ_ONLY)
def test_read_only_members_cannot_be_changed(endpoints: Endpoints, name: str) -> None:
    """The deployment may refuse such a change or ignore it."""
    path = f"/webhooks/{endpoints.register(RECEIVED).id}"
    before = envelope.record(endpoints.api.get(path), 200)
    change = endpoints.api.patch(path, {name: READ_ONLY[name]})
    after = endpoints.api.get(path)
    expect.equal(envelope.record(after, 200).get(name), before.get(name), f"{name} after a PATCH of it", change, after)


@requirement("HOOK-03")
def test_a_deleted_endpoint_is_404_and_not_listed(endpoints: Endpoints) -> None:
    kept, endpoint = endpoints.register(), endpoints.register()
    expect.status(endpoint.delete(), 200, 202, 204)
    path = f"/webhooks/{endpoint.id}"
    for answer in (endpoints.api.get(path), endpoints.api.patch(path, {"is_active": True}), endpoints.api.delete(path)):
        envelope.error(answer, (404, "not_found"))
    listed = endpoints.rows()
    expect.that(endpoint.id not in listed, "a list without the deleted endpoint", "it is still listed")
    expect.that(kept.id in listed, "a list with the endpoint that was not deleted", "it is not listed")
