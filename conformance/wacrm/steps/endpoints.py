"""The target's webhook endpoints: registered at the receiver, watched, deleted."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from conformance.target import expect
from conformance.target.verdicts import NoVerdict
from conformance.target.waiting import eventually
from conformance.wacrm.steps.account import required, required_rows
from conformance.wacrm.steps.timestamps import parse_timestamp

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from conformance.target.api import Api
    from conformance.target.exchange import Exchange
    from conformance.wacrm.steps.account import Row
    from conformance.webhooks.receiver_client import Attempt, Receiver

RECEIVED, STATUS, CREATED = "message.received", "message.status_updated", "conversation.created"
EVENTS = (RECEIVED, STATUS, CREATED)
NOT_FOUND, REFUSED = 404, 400
SET_UP = (
    "no delivery can arrive at {}: the target does not reach it, or refuses internal addresses, as it should. Run the gate"
    " with `wacrm-harness run --netns`, or set receiver.origin to an address that the target delivers to"
)
"""What to do where nothing arrives at the receiver's origin."""
PUBLIC = ("https://hooks.wacrm.invalid", "https://203.0.113.10")
"""Origins that are not internal and lead nowhere (RFC 6761, RFC 5737)."""


@dataclass(frozen=True)
class Endpoint:
    """An endpoint that delivers to `path` at the receiver. `answer` is the answer to its registration."""

    id: str
    path: str
    secret: str = field(repr=False)
    answer: Exchange
    _endpoints: Endpoints = field(repr=False)

    def attempts(self) -> list[Attempt]:
        """All attempts received, oldest first."""
        return self._endpoints.receiver.attempts(self.path)

    def events(self, event: str, **data: Any) -> list[Attempt]:  # noqa: ANN401 - JSON
        """The attempts for this event whose data has these values."""
        return [attempt for attempt in self.attempts() if matches_event(attempt, event, data)]

    def wait(self, event: str, at_least: int = 1, **data: Any) -> list[Attempt]:  # noqa: ANN401 - JSON
        """`events`, once there are `at_least`, or at the deadline."""

        def enough() -> list[Attempt]:
            found = self.events(event, **data)
            return found if len(found) >= at_least else []

        receiver, began = self._endpoints.receiver, time.monotonic()
        found: list[Attempt] = eventually(enough, receiver.learned.patience(event, receiver.patience), 0.02)
        if found:
            receiver.learned.came(event, time.monotonic() - began)
        else:
            receiver.learned.missed(event)
        return found or self.events(event, **data)

    def quiet(self) -> None:
        """Wait until no attempt has arrived for a moment."""
        self._endpoints.receiver.settled(self.path, at_least=0, quiet=0.3)

    def row(self) -> Row:
        return required(self._endpoints.api.get(f"/webhooks/{self.id}"), 200)

    def row_or_empty(self) -> Row:
        """The endpoint's record; empty when GET answers 404."""
        answer = self._endpoints.api.get(f"/webhooks/{self.id}")
        return {} if answer.status == NOT_FOUND else required(answer, 200)

    def until(self, done: Callable[[Row], object], patience: float | None = None) -> Row:
        """The endpoint's record, once `done` or at the deadline."""

        def require_reachable() -> Row | None:
            row = self.row()
            return row if done(row) else None

        limit = self._endpoints.receiver.patience if patience is None else patience
        return eventually(require_reachable, limit, 0.03) or self.row()

    def patch(self, **fields: Any) -> Row:  # noqa: ANN401 - JSON
        """Change the endpoint; no verdict when the target refuses."""
        return required(self._endpoints.api.patch(f"/webhooks/{self.id}", fields), 200)

    def moved_to_new_path(self) -> Endpoint:
        """The same endpoint after a change of its URL to another path; no verdict when the target refuses."""
        path = self._endpoints.path()
        self.patch(url=self._endpoints.receiver.url(path))
        return Endpoint(self.id, path, self.secret, self.answer, self._endpoints)

    def delete(self) -> Exchange:
        return self._endpoints.api.delete(f"/webhooks/{self.id}")


@dataclass
class Endpoints:
    """Registers endpoints, each with its own path, and deletes them at the end."""

    api: Api
    receiver: Receiver
    marker: Callable[[], str]
    _ids: list[str] = field(default_factory=list)

    def path(self) -> str:
        return f"/{self.marker()}"

    def post(self, body: Row) -> Exchange:
        """Register with any body, valid or not; an endpoint that was created is deleted at the end."""
        answer = self.api.post("/webhooks", body)
        made = answer.json()
        identity = made["data"].get("id") if isinstance(made, dict) and isinstance(made.get("data"), dict) else None
        if isinstance(identity, str):
            self._ids.append(identity)
        return answer

    def register(self, *events: str, path: str = "", **fields: Any) -> Endpoint:  # noqa: ANN401 - JSON
        """An endpoint at the receiver for these events (for all if none is given); no verdict when the target refuses
        it.
        """
        at = path or self.path()
        answer = self.post({"url": self.receiver.url(at), "events": list(events or EVENTS), **fields})
        row = required(answer, 200, 201)
        expect.precondition(isinstance(row.get("secret"), str), "POST /webhooks answers without a secret")
        return Endpoint(str(row.get("id")), at, str(row["secret"]), answer, self)

    def require_reachable(self) -> None:
        """As the function of this name, for these endpoints."""
        require_reachable(self.api, self.receiver, self._ids)

    def rows(self) -> dict[str, Row]:
        """The newest endpoints of the account, by id."""
        return endpoint_rows(self.api)

    def delete_all(self) -> None:
        for identity in self._ids:
            self.api.delete(f"/webhooks/{identity}")
        self._ids.clear()


def endpoint_rows(api: Api) -> dict[str, Row]:
    """The newest endpoints of an account, by id."""
    return {str(row.get("id")): row for row in required_rows(api.get("/webhooks", limit=100))}


def require_reachable(api: Api, receiver: Receiver, ids: Collection[str]) -> None:
    """No verdict when deliveries to these endpoints fail and none has arrived during the whole run."""
    if receiver.attempts(""):
        return
    failing = [id_ for id_, row in endpoint_rows(api).items() if id_ in ids and row.get("failure_count")]
    expect.precondition(not failing, SET_UP.format(receiver.origin))


def require_accepted(api: Api, receiver: Receiver) -> None:
    """No verdict when the target registers no endpoint at the receiver, but does at an address that is not internal."""
    if not accepts(api, receiver.url("/harness")):
        elsewhere = any(accepts(api, f"{origin}/harness") for origin in PUBLIC)
        expect.precondition(not elsewhere, SET_UP.format(receiver.origin))


def accepts(api: Api, url: str) -> bool:
    """Whether the target registers such an endpoint, which is deleted at once; other findings are left to the checks."""
    answer = api.post("/webhooks", {"url": url, "events": [RECEIVED]})
    made = answer.json()
    if answer.status == 201 and isinstance(made, dict) and isinstance(made.get("data"), dict) and "id" in made["data"]:
        api.delete(f"/webhooks/{made['data']['id']}")
    return answer.status != REFUSED


def matches_event(attempt: Attempt, event: str, data: Row) -> bool:
    """Whether an attempt is for this event and its data has these values."""
    body = attempt.json()
    if not isinstance(body, dict) or body.get("event") != event or not isinstance(body.get("data"), dict):
        return False
    return all(body["data"].get(name) == value for name, value in data.items())


def event_data(attempt: Attempt) -> Row:
    """The event's data; no verdict when there is none."""
    body = attempt.json()
    inner = body.get("data") if isinstance(body, dict) else None
    if not isinstance(inner, dict):
        raise NoVerdict("a delivery has no object in data")
    return inner


def clock_skew(exchange: Exchange) -> float:
    """Seconds by which the target's clock is ahead of ours, from its `Date` header; 0 without one, or within two seconds."""
    try:
        there = parsedate_to_datetime(exchange.answer_headers.get("date", "")).timestamp()
    except (TypeError, ValueError):
        return 0.0
    here = time.time() - time.monotonic() + exchange.at + exchange.seconds
    return there - here if abs(there - here) > 2 else 0.0


def clock_skews(registration: Exchange) -> set[float]:
    """Seconds by which each clock of the target is ahead of ours: the one of `Date`, and the one of `created_at`.

    A proxy may write `Date` from another clock than the application's.
    """
    made = required(registration, 200, 201).get("created_at")
    here = time.time() - time.monotonic() + registration.at + registration.seconds
    try:
        dated = parse_timestamp(made).timestamp() - here
    except NoVerdict:
        dated = 0.0
    return {clock_skew(registration), dated if abs(dated) > 2 else 0.0}


def as_evidence(attempts: list[Attempt]) -> list[str]:
    """Attempts as lines of evidence, without the headers."""
    return [f"{a.method} {a.path}: {' '.join(a.raw.decode('utf-8', 'replace').split())[:400]}" for a in attempts]


STABLE = ("id", "url", "events", "is_active", "created_at")
"""Members that only a PATCH changes; deliveries of other checks' events change the others."""


def stable_members(row: Row) -> Row:
    return {name: row.get(name) for name in STABLE}
