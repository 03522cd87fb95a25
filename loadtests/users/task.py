"""One task: it begins at an intended moment and makes a few requests."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from conformance.target.keys import MARGIN
from loadtests.users.answers import FAILURE, SEND_MESSAGE, Operation
from loadtests.users.http_client import NoAnswerError, Response
from loadtests.users.key_budget import OutOfKeysError
from loadtests.users.message_records import Asked, Outcome

if TYPE_CHECKING:
    from locust.event import EventHook

    from conformance.target.keys import Key
    from loadtests.users.worker_state import WorkerState

T = TypeVar("T")
LIMITED = 429
IN_USE_BEFORE = "answers were 429 in the first window: keys had been in use before the run"
_ENCODER = msgspec.json.Encoder()


class CutShortError(Exception):
    """The task ends here: the run's ceiling is reached, or there is no key."""


class WrongAnswerError(Exception):
    """What Locust's statistics show of a request that failed."""


class Task:
    """`due` is the moment (monotonic seconds) from which the next request's latency counts: the intended start of the
    task first, later the end of the request before it, for a user who gets no answer does not ask on.
    """

    __slots__ = ("_fire", "asked", "due", "error", "limited", "scenario", "status", "worker")

    def __init__(self, worker: WorkerState, fire: EventHook, scenario: str, due: float) -> None:
        self.worker, self.scenario, self.due = worker, scenario, due
        self._fire = fire
        self.status = 0
        self.error = ""
        self.limited: str | None = None
        self.asked = False

    def call(
        self,
        operation: Operation[T],
        id_: str = "",
        query: str = "",
        *,
        body: object = None,
        key: Key | None = None,
    ) -> T | None:
        """The decoded answer; None when it was no success (`status`, `error` and, after a 429, `limited` say why).

        A `key` of one's own may well be refused with 429: that is then no error.
        """
        own = key is not None
        self.asked = False
        self._spend()
        key = key or self._key()
        path = operation.path.replace("{id}", id_) if id_ else operation.path
        content = None if body is None else _ENCODER.encode(body)
        began = time.monotonic()
        response = self._exchange(operation.method, f"{path}?{query}" if query else path, key, content)
        if response is None:
            self._measure(operation, began, 0)
            return None
        answer = self._read(operation, response)
        excused = response.status == LIMITED and (own or self._limited_unexpectedly(key))
        self._measure(operation, began, len(response.body), excused=excused)
        return answer

    def _exchange(self, method: str, target: str, key: Key, content: bytes | None) -> Response | None:
        self.asked = True
        try:
            response = self.worker.client.exchange(method, target, key.authorization, content)
        except NoAnswerError as error:
            self.status, self.error = 0, str(error)
            self.asked = not error.refused
            self.worker.unanswered(refused=error.refused)
            return None
        self.worker.dead_since = None
        return response

    def _spend(self) -> None:
        if self.worker.requests >= self.worker.briefing.ceiling:
            raise CutShortError("the ceiling on requests is reached")
        self.worker.requests += 1

    def _key(self) -> Key:
        try:
            key, waited = self.worker.budget.key()
        except OutOfKeysError as error:
            raise CutShortError(str(error)) from None
        self.due += waited
        return key

    def _read(self, operation: Operation[T], response: Response) -> T | None:
        self.status, self.error, self.limited = response.status, "", response.retry_after
        try:
            if response.status in operation.success:
                return operation.decoder.decode(response.body)
            failure = FAILURE.decode(response.body).error
            self.error = f"{response.status} {failure.code}"
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            self.error = f"{response.status} not as documented: {error}"
            self.worker.outbox.observe("schema", f"{operation.method} {operation.path}: {self.error}")
        return None

    def _limited_unexpectedly(self, key: Key) -> bool:
        """Whether a 429 for a key with budget left has an excuse: somebody else used it just before the run."""
        worker, briefing = self.worker, self.worker.briefing
        retry_after = float(self.limited) if self.limited and self.limited.isdigit() else briefing.window
        worker.budget.refused(key, retry_after)
        if not briefing.fresh and time.time() - briefing.zero < briefing.window + MARGIN:
            worker.telemetry.count(IN_USE_BEFORE)
            return True
        spent = f"{key} got 429 with budget left: at most {briefing.limit} requests in {briefing.window:.0f} s"
        worker.outbox.observe("unexpected-429", spent)
        return False

    def _measure(self, operation: Operation[T], began: float, size: int, *, excused: bool = False) -> None:
        done = time.monotonic()
        limited = self.status == LIMITED
        failed = bool(self.error) and not excused
        latency = done - self.due
        self.worker.telemetry.request(
            (self.scenario, operation.id),
            time.time(),
            latency=latency,
            service=done - began,
            failed=failed,
            limited=limited,
        )
        self._fire.fire(
            request_type=operation.method, name=operation.path, response_time=latency * 1000, response_length=size,
            exception=WrongAnswerError(self.error) if failed else None, context={},
        )  # fmt: skip
        self.due = done

    def send(self, to: str, digest: str, nonce: str, body: dict[str, Any]) -> str | None:
        """Send a message and write down what was asked and answered; the conversation's id when it was accepted."""
        sent, outcome = None, Outcome.UNANSWERED
        began = time.time()
        try:
            sent = self.call(SEND_MESSAGE, body={"to": to, **body})
            outcome = Outcome.ACCEPTED if sent else Outcome.REFUSED if self.status else Outcome.UNANSWERED
        finally:
            if self.asked:
                data = sent.data if sent else None
                self.worker.outbox.asked.append(Asked(
                    nonce, self.scenario, to.lstrip("+"), digest, outcome, began,
                    data.whatsapp_message_id if data else None, data.conversation_id if data else None,
                ))  # fmt: skip
        if sent is None:
            return None
        self.worker.remember(self.worker.conversations, sent.data.conversation_id)
        self.worker.remember(self.worker.contacts, sent.data.contact_id)
        return sent.data.conversation_id
