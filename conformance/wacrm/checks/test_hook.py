"""HOOK: registering an endpoint, and what can be read of it and changed in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from conformance.contract.json_schema import is_uuid
from conformance.target import expect
from conformance.target.expect import requirement
from conformance.target.verdicts import Mismatch
from conformance.target.waiting import eventually
from conformance.wacrm.steps import envelope
from conformance.wacrm.steps.endpoints import CREATED, EVENTS, RECEIVED, STATUS, Hooks

if TYPE_CHECKING:
    from conformance.target.exchange import Exchange
    from conformance.wacrm.steps.account import Account, Row

FIELDS = ("id", "url", "events", "is_active", "last_delivery_at", "failure_count", "created_at")
STEADY = ("id", "url", "events", "is_active", "created_at")
"""What only a change changes: everybody's events are delivered meanwhile."""
SET_BY_THE_DEPLOYMENT: Row = {
    "id": "00000000-0000-4000-8000-000000000000",
    "created_at": "2001-01-01T00:00:00.000Z",
    "failure_count": 7,
    "last_delivery_at": "2001-01-01T00:00:00.000Z",
}


# -- registering ------------------------------------------------------------------------------------------------------------


@requirement("HOOK-01")
@pytest.mark.parametrize(
    "events", [[RECEIVED], [STATUS], [CREATED], list(EVENTS)], ids=["received", "status", "created", "all"]
)
def test_registering_answers_201_with_a_secret(hooks: Hooks, events: list[str]) -> None:
    url = hooks.receiver.url(hooks.path())
    answer = hooks.post({"url": url, "events": events})
    row = envelope.record(answer, 201)
    for name in FIELDS:
        expect.member(row, name, answer)
    expect.that(is_uuid(str(row["id"])), "id to be a UUID", expect.show(row["id"]), answer)
    expect.equal(row["url"], url, "url", answer)
    expect.same_members(row["events"], events, "events", answer)
    expect.equal((row["is_active"], row["failure_count"]), (True, 0), "is_active and failure_count", answer)
    secret = expect.member(row, "secret", answer)
    good = isinstance(secret, str) and secret.startswith("whsec_") and len(secret) > len("whsec_") + 15
    expect.that(good, "a secret: whsec_ and what cannot be guessed", _masked(secret), answer)


@requirement("HOOK-01")
def test_every_registration_has_a_secret_of_its_own(hooks: Hooks) -> None:
    path = hooks.path()
    made = [hooks.register(RECEIVED, path=path) for _ in range(3)]
    expect.equal(len({one.secret for one in made}), 3, "different secrets among three registrations", made[-1].answer)


@requirement("HOOK-01")
def test_the_secret_is_in_no_later_answer(hooks: Hooks) -> None:
    endpoint, other = hooks.register(), hooks.register()
    api, path = hooks.api, f"/webhooks/{endpoint.id}"
    answers = [
        other.answer, api.get(path), api.get("/webhooks", limit=100), api.patch(path, {"events": [CREATED]}),
        api.patch(path, {"url": hooks.receiver.url(hooks.path())}), api.patch(path, {"is_active": False}),
        api.patch(path, {"is_active": True}), api.patch(path, {"secret": "whsec_mine"}), api.patch(path, {"events": []}),
        api.patch(path, {}), hooks.post({"url": endpoint.path, "events": ["none"]}), api.delete(path), api.get(path),
    ]  # fmt: skip
    for answer in answers:
        _hides(answer, endpoint.secret)


def _hides(answer: Exchange, secret: str) -> None:
    everything = answer.text + "".join(answer.answer_headers.values())
    plain = secret.removeprefix("whsec_")
    expect.that(plain not in everything, "an answer without the secret", "the secret is in it", answer)


@requirement("HOOK-01")
def test_the_secret_is_in_no_delivery(account: Account, hooks: Hooks) -> None:
    endpoint = hooks.register(RECEIVED)
    wamid = account.receive(account.numbers.fresh())
    attempts = endpoint.wait(RECEIVED, whatsapp_message_id=wamid)
    expect.precondition(attempts, "no delivery arrives")
    said = attempts[0].raw.decode("utf-8", "replace") + "".join(attempts[0].headers.values())
    expect.that(
        endpoint.secret.removeprefix("whsec_") not in said, "a delivery without the secret", "the secret is in it"
    )


def _masked(secret: object) -> str:
    return f"{secret[:6]}… of {len(secret)} characters" if isinstance(secret, str) else expect.show(secret)


# -- what is refused --------------------------------------------------------------------------------------------------------

URLS: dict[str, Any] = {
    "http": "http://hooks.invalid/x",
    "HTTP in capitals": "HTTP://hooks.invalid/x",
    "ftp": "ftp://hooks.invalid/x",
    "websocket": "wss://hooks.invalid/x",
    "script": "javascript:alert(1)",
    "file": "file:///etc/hostname",
    "no scheme": "hooks.invalid/x",
    "scheme-relative": "//hooks.invalid/x",
    "a path": "/hooks",
    "https without a host": "https://",
    "text": "not a url",
    "empty": "",
    "null": None,
    "a number": 42,
    "a list": ["https://hooks.invalid/x"],
}
SUBSCRIPTIONS: dict[str, Any] = {
    "empty": [],
    "null": None,
    "unknown": ["message.deleted"],
    "known and unknown": [RECEIVED, "message.deleted"],
    "another case": ["MESSAGE.RECEIVED"],
    "a wildcard": ["*"],
    "a prefix": ["message"],
    "not a list": RECEIVED,
    "an object": {RECEIVED: True},
    "numbers": [1],
    "a list in a list": [[RECEIVED]],
}


@requirement("HOOK-02")
def test_impossible_registrations_are_refused(hooks: Hooks) -> None:
    good: Row = {"url": hooks.receiver.url(hooks.path()), "events": [RECEIVED]}
    bodies: dict[str, Row] = {f"url: {what}": {**good, "url": url} for what, url in URLS.items()}
    bodies |= {f"events: {what}": {**good, "events": events} for what, events in SUBSCRIPTIONS.items()}
    bodies |= {"no url": {"events": [RECEIVED]}, "no events": {"url": good["url"]}, "nothing": {}}
    _all_refused({what: hooks.post(body) for what, body in bodies.items()})


@requirement("HOOK-02")
def test_a_refused_registration_leaves_nothing(hooks: Hooks) -> None:
    path = hooks.path()
    hooks.post({"url": hooks.receiver.url(path), "events": [RECEIVED, "message.deleted"]})
    hooks.post({"url": hooks.receiver.url(path), "events": []})
    left = [row for row in hooks.rows().values() if str(row.get("url")).endswith(path)]
    expect.equal(left, [], "endpoints left by refused registrations")


@requirement("HOOK-02")
def test_impossible_changes_are_refused_and_change_nothing(hooks: Hooks) -> None:
    """What could not be registered cannot be reached by a change either."""
    endpoint = hooks.register(RECEIVED)
    before = steady(endpoint.row())
    changes: dict[str, Row] = {f"url: {what}": {"url": url} for what, url in URLS.items() if url is not None}
    changes |= {f"events: {what}": {"events": events} for what, events in SUBSCRIPTIONS.items() if events is not None}
    _all_refused({what: hooks.api.patch(f"/webhooks/{endpoint.id}", change) for what, change in changes.items()})
    expect.equal(steady(endpoint.row()), before, "the endpoint after refused changes")


def steady(row: Row) -> Row:
    return {name: row.get(name) for name in STEADY}


def _all_refused(answers: dict[str, Exchange]) -> None:
    wrong = {what: a for what, a in answers.items() if a.status != 400 or envelope.error_code(a) != "bad_request"}
    if wrong:
        said = "; ".join(f"{what}: {answer.summary[:100]}" for what, answer in wrong.items())
        raise Mismatch("400 bad_request", said, *list(wrong.values())[:4])


# -- reading and changing ---------------------------------------------------------------------------------------------------


@requirement("HOOK-03")
def test_an_endpoint_is_listed_and_read_as_registered(hooks: Hooks) -> None:
    first, second = hooks.register(RECEIVED), hooks.register(STATUS, CREATED)
    answer = hooks.api.get("/webhooks", limit=100)
    listed = {row.get("id"): row for row in envelope.rows(answer)}
    for endpoint in (first, second):
        made = {name: value for name, value in envelope.record(endpoint.answer, 201).items() if name in STEADY}
        read = hooks.api.get(f"/webhooks/{endpoint.id}")
        for row, where in ((listed.get(endpoint.id), answer), (envelope.record(read, 200), read)):
            expect.that(row is not None, "the endpoint in the list", "it is not there", answer)
            expect.equal({name: (row or {}).get(name) for name in made}, made, "the endpoint", where)


@requirement("HOOK-03")
@pytest.mark.parametrize("name", ["url", "events", "is_active"])
def test_a_change_changes_what_was_sent_and_nothing_else(hooks: Hooks, name: str) -> None:
    endpoint = hooks.register(RECEIVED, STATUS)
    before = steady(endpoint.row())
    value: Any = {"url": hooks.receiver.url(hooks.path()), "events": [CREATED, STATUS], "is_active": False}[name]
    answer = hooks.api.patch(f"/webhooks/{endpoint.id}", {name: value})
    expected = {**before, name: value}
    for row, where in ((envelope.record(answer, 200), answer), (endpoint.row(), answer)):
        seen = steady(row)
        if name == "events":
            expect.same_members(seen.pop("events") or [], value, "events", where)
        expect.equal(seen, {field: expected[field] for field in seen}, "the endpoint after the change", where)


@requirement("HOOK-03")
def test_an_endpoint_that_is_off_is_listed_and_read(hooks: Hooks) -> None:
    endpoint = hooks.register(RECEIVED)
    hooks.api.patch(f"/webhooks/{endpoint.id}", {"is_active": False})
    read = hooks.api.get(f"/webhooks/{endpoint.id}")
    for row in (hooks.rows().get(endpoint.id, {}), envelope.record(read, 200)):
        expect.equal(row.get("is_active"), False, "is_active in the list and by itself", read)  # noqa: FBT003 - JSON


@requirement("HOOK-03")
def test_several_members_change_at_once(hooks: Hooks) -> None:
    endpoint = hooks.register(RECEIVED)
    url = hooks.receiver.url(hooks.path())
    hooks.api.patch(f"/webhooks/{endpoint.id}", {"url": url, "events": [STATUS], "is_active": False})
    row = endpoint.row()
    seen = (row.get("url"), row.get("events"), row.get("is_active"))
    expect.equal(seen, (url, [STATUS], False), "url, events and is_active", endpoint.answer)


@requirement("HOOK-03")
def test_a_changed_url_gets_the_deliveries(account: Account, hooks: Hooks) -> None:
    old = hooks.register(RECEIVED)
    new = old.elsewhere()
    wamid = account.receive(account.numbers.fresh())
    came = new.wait(RECEIVED, whatsapp_message_id=wamid)
    hooks.reached()
    expect.that(came, "a delivery to the new url", "none")
    expect.equal(len(old.events(RECEIVED, whatsapp_message_id=wamid)), 0, "deliveries to the old url")


@requirement("HOOK-03")
def test_a_delivery_is_noted(account: Account, hooks: Hooks) -> None:
    endpoint = hooks.register(RECEIVED)
    made = envelope.record(endpoint.answer, 201)
    expect.equal(expect.member(made, "last_delivery_at"), None, "last_delivery_at before any delivery", endpoint.answer)
    account.receive(account.numbers.fresh())
    row = endpoint.until(lambda row: row.get("last_delivery_at"))
    expect.precondition(endpoint.attempts(), "no delivery arrives")
    expect.that(isinstance(row.get("last_delivery_at"), str), "last_delivery_at after a delivery", expect.show(row))


@requirement("HOOK-03")
def test_the_last_delivery_is_the_last(account: Account, hooks: Hooks) -> None:
    """Of deliveries made for longer than a date that is written in seconds needs to show it."""
    endpoint, customer = hooks.register(RECEIVED), account.numbers.fresh()
    account.receive(customer)
    first = endpoint.until(lambda row: row.get("last_delivery_at")).get("last_delivery_at")
    expect.precondition(first, "no delivery is noted")

    def noted_again() -> bool:
        account.receive(customer)
        return bool(endpoint.row().get("last_delivery_at") != first)

    moved = eventually(noted_again, hooks.receiver.patience, 0.4)
    expect.precondition(len(endpoint.attempts()) > 1, "no further delivery arrives")
    expect.that(moved, f"last_delivery_at later than {first} after further deliveries", "it is the same")


@requirement("HOOK-03")
@pytest.mark.parametrize("name", SET_BY_THE_DEPLOYMENT)
def test_what_the_deployment_sets_is_not_changed(hooks: Hooks, name: str) -> None:
    """Whether it refuses such a change or ignores it."""
    path = f"/webhooks/{hooks.register(RECEIVED).id}"
    before = envelope.record(hooks.api.get(path), 200)
    change = hooks.api.patch(path, {name: SET_BY_THE_DEPLOYMENT[name]})
    after = hooks.api.get(path)
    expect.equal(envelope.record(after, 200).get(name), before.get(name), f"{name} after a PATCH of it", change, after)


@requirement("HOOK-03")
def test_a_deleted_endpoint_is_gone(hooks: Hooks) -> None:
    kept, endpoint = hooks.register(), hooks.register()
    expect.status(endpoint.delete(), 200, 202, 204)
    path = f"/webhooks/{endpoint.id}"
    for answer in (hooks.api.get(path), hooks.api.patch(path, {"is_active": True}), hooks.api.delete(path)):
        envelope.error(answer, (404, "not_found"))
    listed = hooks.rows()
    expect.that(endpoint.id not in listed, "a list without the deleted endpoint", "it is in it")
    expect.that(kept.id in listed, "a list with the endpoint that was not deleted", "it is gone too")
