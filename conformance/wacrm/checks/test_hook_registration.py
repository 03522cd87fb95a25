"""HOOK-01, -02: registering an endpoint, its secret, and what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from conformance.contract.json_schema import is_uuid
from conformance.target import expect
from conformance.target.expect import requirement
from conformance.target.verdicts import Mismatch
from conformance.wacrm.expectations import envelope
from conformance.wacrm.steps.endpoints import CREATED, EVENTS, RECEIVED, STATUS, Endpoints, stable_members

if TYPE_CHECKING:
    from conformance.target.exchange import Exchange
    from conformance.wacrm.steps.account import Account, Row


FIELDS = ("id", "url", "events", "is_active", "last_delivery_at", "failure_count", "created_at")


@requirement("HOOK-01")
@pytest.mark.parametrize(
    "events", [[RECEIVED], [STATUS], [CREATED], list(EVENTS)], ids=["received", "status", "created", "all"]
)
def test_registering_answers_201_with_a_secret(endpoints: Endpoints, events: list[str]) -> None:
    url = endpoints.receiver.url(endpoints.path())
    answer = endpoints.post({"url": url, "events": events})
    row = envelope.record(answer, 201)
    for name in FIELDS:
        expect.member(row, name, answer)
    expect.that(is_uuid(str(row["id"])), "id to be a UUID", expect.show(row["id"]), answer)
    expect.equal(row["url"], url, "url", answer)
    expect.same_members(row["events"], events, "events", answer)
    expect.equal((row["is_active"], row["failure_count"]), (True, 0), "is_active and failure_count", answer)
    secret = expect.member(row, "secret", answer)
    valid = isinstance(secret, str) and secret.startswith("whsec_") and len(secret) > len("whsec_") + 15
    expect.that(valid, "a secret of whsec_ and at least 16 characters", _masked(secret), answer)


@requirement("HOOK-01")
def test_every_registration_has_a_secret_of_its_own(endpoints: Endpoints) -> None:
    path = endpoints.path()
    created = [endpoints.register(RECEIVED, path=path) for _ in range(3)]
    expect.equal(
        len({one.secret for one in created}), 3, "different secrets among three registrations", created[-1].answer
    )


@requirement("HOOK-01")
def test_the_secret_is_in_no_later_answer(endpoints: Endpoints) -> None:
    endpoint, other = endpoints.register(), endpoints.register()
    api, path = endpoints.api, f"/webhooks/{endpoint.id}"
    answers = [
        other.answer, api.get(path), api.get("/webhooks", limit=100), api.patch(path, {"events": [CREATED]}),
        api.patch(path, {"url": endpoints.receiver.url(endpoints.path())}), api.patch(path, {"is_active": False}),
        api.patch(path, {"is_active": True}), api.patch(path, {"secret": "whsec_mine"}), api.patch(path, {"events": []}),
        api.patch(path, {}), endpoints.post({"url": endpoint.path, "events": ["none"]}), api.delete(path), api.get(path),
    ]  # fmt: skip
    for answer in answers:
        _omits(answer, endpoint.secret)


def _omits(answer: Exchange, secret: str) -> None:
    everything = answer.text + "".join(answer.answer_headers.values())
    plain = secret.removeprefix("whsec_")
    expect.that(plain not in everything, "an answer without the secret", "it contains the secret", answer)


@requirement("HOOK-01")
def test_the_secret_is_in_no_delivery(account: Account, endpoints: Endpoints) -> None:
    endpoint = endpoints.register(RECEIVED)
    wamid = account.receive(account.numbers.fresh())
    attempts = endpoint.wait(RECEIVED, whatsapp_message_id=wamid)
    endpoints.require_reachable()
    expect.precondition(attempts, "no delivery arrives")
    actual = attempts[0].raw.decode("utf-8", "replace") + "".join(attempts[0].headers.values())
    expect.that(
        endpoint.secret.removeprefix("whsec_") not in actual, "a delivery without the secret", "it contains the secret"
    )


def _masked(secret: object) -> str:
    return f"{secret[:6]}… of {len(secret)} characters" if isinstance(secret, str) else expect.show(secret)


INVALID_URLS: dict[str, Any] = {
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
INVALID_EVENTS: dict[str, Any] = {
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
def test_invalid_registrations_are_refused(endpoints: Endpoints) -> None:
    valid: Row = {"url": endpoints.receiver.url(endpoints.path()), "events": [RECEIVED]}
    bodies: dict[str, Row] = {f"url: {what}": {**valid, "url": url} for what, url in INVALID_URLS.items()}
    bodies |= {f"events: {what}": {**valid, "events": events} for what, events in INVALID_EVENTS.items()}
    bodies |= {"no url": {"events": [RECEIVED]}, "no events": {"url": valid["url"]}, "nothing": {}}
    _all_refused({what: endpoints.post(body) for what, body in bodies.items()})


@requirement("HOOK-02")
def test_a_refused_registration_creates_no_endpoint(endpoints: Endpoints) -> None:
    path = endpoints.path()
    endpoints.post({"url": endpoints.receiver.url(path), "events": [RECEIVED, "message.deleted"]})
    endpoints.post({"url": endpoints.receiver.url(path), "events": []})
    left = [row for row in endpoints.rows().values() if str(row.get("url")).endswith(path)]
    expect.equal(left, [], "endpoints left by refused registrations")


@requirement("HOOK-02")
def test_invalid_changes_are_refused_and_change_nothing(endpoints: Endpoints) -> None:
    """A PATCH is checked like a registration."""
    endpoint = endpoints.register(RECEIVED)
    before = stable_members(endpoint.row())
    changes: dict[str, Row] = {f"url: {what}": {"url": url} for what, url in INVALID_URLS.items() if url is not None}
    changes |= {f"events: {what}": {"events": events} for what, events in INVALID_EVENTS.items() if events is not None}
    _all_refused({what: endpoints.api.patch(f"/webhooks/{endpoint.id}", change) for what, change in changes.items()})
    expect.equal(stable_members(endpoint.row()), before, "the endpoint after refused changes")


def _all_refused(answers: dict[str, Exchange]) -> None:
    wrong = {what: a for what, a in answers.items() if a.status != 400 or envelope.error_code(a) != "bad_request"}
    if wrong:
        actual = "; ".join(f"{what}: {answer.summary[:100]}" for what, answer in wrong.items())
        raise Mismatch("400 bad_request", actual, *list(wrong.values())[:4])
