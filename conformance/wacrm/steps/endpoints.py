"""The target's webhook endpoints as the judge uses them: registered at the receiver, watched, removed."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from conformance.target import expect
from conformance.target.verdicts import NoVerdict
from conformance.target.waiting import eventually
from conformance.wacrm.steps.account import needed, needed_rows
from conformance.wacrm.steps.timestamps import instant

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.target.api import Api
    from conformance.target.exchange import Exchange
    from conformance.wacrm.steps.account import Row
    from conformance.webhooks.receiver_client import Attempt, Receiver

RECEIVED, STATUS, CREATED = "message.received", "message.status_updated", "conversation.created"
EVENTS = (RECEIVED, STATUS, CREATED)
GONE = 404


@dataclass(frozen=True)
class Endpoint:
    """An endpoint of the target that posts to `path` at the receiver. `answer` is the registration's."""

    id: str
    path: str
    secret: str = field(repr=False)
    answer: Exchange
    _hooks: Hooks = field(repr=False)

    def attempts(self) -> list[Attempt]:
        """Everything that came, oldest first."""
        return self._hooks.receiver.attempts(self.path)

    def events(self, event: str, **data: Any) -> list[Attempt]:  # noqa: ANN401 - JSON
        """What came of an event with these values in its data."""
        return [attempt for attempt in self.attempts() if told(attempt, event, data)]

    def wait(self, event: str, at_least: int = 1, **data: Any) -> list[Attempt]:  # noqa: ANN401 - JSON
        """`events`, once there are `at_least`, or at the deadline."""

        def enough() -> list[Attempt]:
            found = self.events(event, **data)
            return found if len(found) >= at_least else []

        return eventually(enough, self._hooks.receiver.patience, 0.02) or self.events(event, **data)

    def quiet(self) -> None:
        """Wait until nothing has come for a moment."""
        self._hooks.receiver.settled(self.path, at_least=0, quiet=0.3)

    def row(self) -> Row:
        return needed(self._hooks.api.get(f"/webhooks/{self.id}"), 200)

    def remains(self) -> Row:
        """The endpoint's record, empty when the target has none any more."""
        answer = self._hooks.api.get(f"/webhooks/{self.id}")
        return {} if answer.status == GONE else needed(answer, 200)

    def until(self, done: Callable[[Row], object], patience: float | None = None) -> Row:
        """The endpoint's record, once `done` or at the deadline."""

        def reached() -> Row | None:
            row = self.row()
            return row if done(row) else None

        limit = self._hooks.receiver.patience if patience is None else patience
        return eventually(reached, limit, 0.03) or self.row()

    def patch(self, **fields: Any) -> Row:  # noqa: ANN401 - JSON
        """Change it; no verdict when the target does not."""
        return needed(self._hooks.api.patch(f"/webhooks/{self.id}", fields), 200)

    def elsewhere(self) -> Endpoint:
        """The same endpoint after its URL was changed to another path; no verdict when the target does not change it."""
        path = self._hooks.path()
        self.patch(url=self._hooks.receiver.url(path))
        return Endpoint(self.id, path, self.secret, self.answer, self._hooks)

    def delete(self) -> Exchange:
        return self._hooks.api.delete(f"/webhooks/{self.id}")


@dataclass
class Hooks:
    """Registers endpoints with paths of their own and removes them at the end."""

    api: Api
    receiver: Receiver
    word: Callable[[], str]
    _made: list[str] = field(default_factory=list)

    def path(self) -> str:
        return f"/{self.word()}"

    def post(self, body: Row) -> Exchange:
        """Register with any body, well-formed or not; what the target takes is removed at the end."""
        answer = self.api.post("/webhooks", body)
        made = answer.json()
        identity = made["data"].get("id") if isinstance(made, dict) and isinstance(made.get("data"), dict) else None
        if isinstance(identity, str):
            self._made.append(identity)
        return answer

    def register(self, *events: str, path: str = "", **fields: Any) -> Endpoint:  # noqa: ANN401 - JSON
        """An endpoint at the receiver for these events (all without any); no verdict when the target does not take it."""
        at = path or self.path()
        answer = self.post({"url": self.receiver.url(at), "events": list(events or EVENTS), **fields})
        row = needed(answer, 200, 201)
        expect.precondition(isinstance(row.get("secret"), str), "POST /webhooks shows no secret")
        return Endpoint(str(row.get("id")), at, str(row["secret"]), answer, self)

    def reached(self) -> None:
        """No verdict when the target tried to deliver and failed, and not one delivery has come in all of the run."""
        if self.receiver.attempts(""):
            return
        failing = [i for i, row in self.rows().items() if i in self._made and row.get("failure_count")]
        expect.precondition(not failing, f"deliveries fail and none arrives: {self.receiver.origin} is out of reach")

    def rows(self) -> dict[str, Row]:
        """The newest endpoints of the account, by id."""
        return {str(row.get("id")): row for row in needed_rows(self.api.get("/webhooks", limit=100))}

    def clear(self) -> None:
        for identity in self._made:
            self.api.delete(f"/webhooks/{identity}")
        self._made.clear()


def told(attempt: Attempt, event: str, data: Row) -> bool:
    """Whether an attempt is about an event with these values in its data."""
    body = attempt.json()
    if not isinstance(body, dict) or body.get("event") != event or not isinstance(body.get("data"), dict):
        return False
    return all(body["data"].get(name) == value for name, value in data.items())


def data_of(attempt: Attempt) -> Row:
    """The event's data; no verdict when there is none."""
    body = attempt.json()
    inner = body.get("data") if isinstance(body, dict) else None
    if not isinstance(inner, dict):
        raise NoVerdict("a delivery without data")
    return inner


def skew(exchange: Exchange) -> float:
    """Seconds by which the target's clock is ahead of ours, from its `Date` header; 0 without one, or within two seconds."""
    try:
        there = parsedate_to_datetime(exchange.answer_headers.get("date", "")).timestamp()
    except (TypeError, ValueError):
        return 0.0
    here = time.time() - time.monotonic() + exchange.at + exchange.seconds
    return there - here if abs(there - here) > 2 else 0.0


def skews(registration: Exchange) -> set[float]:
    """By how many seconds a clock of the target is ahead of ours: the one of its `Date`, and the one that dated the row.

    A proxy may write `Date` by another clock than the application's.
    """
    made = needed(registration, 200, 201).get("created_at")
    here = time.time() - time.monotonic() + registration.at + registration.seconds
    try:
        dated = instant(made).timestamp() - here
    except NoVerdict:
        dated = 0.0
    return {skew(registration), dated if abs(dated) > 2 else 0.0}


def shown(attempts: list[Attempt]) -> list[str]:
    """Attempts as lines of evidence, without what identifies a secret."""
    return [f"{a.method} {a.path}: {' '.join(a.raw.decode('utf-8', 'replace').split())[:400]}" for a in attempts]
