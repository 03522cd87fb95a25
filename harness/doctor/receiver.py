"""The receiver, reached from the deployment: an endpoint is registered there, one delivery caused, the endpoint deleted."""

from __future__ import annotations

import secrets
from contextlib import closing
from typing import TYPE_CHECKING, Any

from conformance.meta.mock_client import MockMetaError
from conformance.runner.process import StackError
from conformance.target.verdicts import NoVerdict
from conformance.wacrm.interlock import NOBODY
from conformance.wacrm.steps.endpoints import RECEIVED
from conformance.webhooks.receiver_client import Receiver
from harness.doctor.internal import is_internal
from harness.doctor.line import from_error, mend, note, ok
from harness.doctor.undelivered import INTERNAL, reasons

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.meta.mock_client import MockMeta
    from conformance.runner.stack import Stack
    from conformance.target.api import Api
    from conformance.target.exchange import Exchange
    from conformance.target.target import Target
    from harness.doctor.line import Line

RECEIVER = "receiver"
PATIENCE = 10.0
"""Seconds that a delivery may take here, or fewer where the target file's patience is shorter."""


def reached(stack: Stack, target: Target, api: Api, mock_meta: MockMeta) -> Iterator[Line]:
    """A delivery of the deployment arrives, or why not. Raises `NoAnswerError`, `Starved`."""
    assert target.receiver is not None
    try:
        stack.start_receiver(target.receiver)
    except StackError as error:
        yield from_error(RECEIVER, error)
        return
    assert stack.receiver is not None
    origin = target.receiver.origin or stack.receiver["origin"]
    patience = min(PATIENCE, target.target.patience)
    with closing(Receiver(origin, stack.receiver["control"], stack.receiver["tripwire"], patience)) as receiver:
        yield from _with_endpoint(receiver, target, api, mock_meta)


def _with_endpoint(receiver: Receiver, target: Target, api: Api, mock_meta: MockMeta) -> Iterator[Line]:
    path = f"/doctor{secrets.token_hex(5)}"
    answer = api.post("/webhooks", {"url": receiver.url(path), "events": [RECEIVED]})
    identity = _data(answer).get("id")
    if answer.status != 201 or identity is None:  # noqa: PLR2004
        yield _refused(answer, receiver.origin)
        return
    try:
        yield _delivered(receiver, path, target, mock_meta) or _nothing_came(
            receiver, target, _data(api.get(f"/webhooks/{identity}")).get("failure_count")
        )
    finally:
        deleted = api.delete(f"/webhooks/{identity}")
    if deleted.status not in {200, 204}:
        yield note(RECEIVER, f"the endpoint {identity} is left behind: DELETE answers {deleted.summary[:120]}")


def _data(answer: Exchange) -> dict[str, Any]:
    body = answer.json()
    data = body.get("data") if isinstance(body, dict) else None
    return data if isinstance(data, dict) else {}


def _refused(answer: Exchange, origin: str) -> Line:
    text = f"the deployment does not register an endpoint at {origin}: {answer.summary[:160]}"
    remedy = INTERNAL if is_internal(origin) else "Set receiver.origin to one that it takes."
    return mend(RECEIVER, text, remedy)


def _delivered(receiver: Receiver, path: str, target: Target, mock_meta: MockMeta) -> Line | None:
    """A customer writes in, which the deployment has to tell the endpoint; None when nothing came."""
    assert target.meta is not None
    message = {"from": NOBODY.lstrip("+"), "type": "text", "text": {"body": path}}
    try:
        mock_meta.inbound(target.meta.phone_number_id, message)
    except (NoVerdict, MockMetaError) as error:
        return note(RECEIVER, f"not tried, since nothing comes in: {error}", "Mend the webhook, then call this again.")
    if receiver.settled(path, at_least=1, quiet=0.0):
        return ok(RECEIVER, f"the deployment delivered to {receiver.origin}")
    return None


def _nothing_came(receiver: Receiver, target: Target, failures: object) -> Line:
    assert target.receiver is not None
    tried = f"tried and failed ({failures} counted)" if failures else "counts no failure"
    text = f"no delivery came to {receiver.origin} within {receiver.patience:.0f} s; the deployment {tried}"
    return mend(RECEIVER, text, " ".join(reasons(receiver.origin, target.receiver, has_failed=bool(failures))))
