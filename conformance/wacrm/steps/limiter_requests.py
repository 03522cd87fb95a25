"""What the limiter experiments send to Wacrm: reads, every operation, writes to be refused, failures of each sort (RATE)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from conformance.limiter.requests import RefusedWrite, Request, Requests
from conformance.target.api import Api
from conformance.target.keys import Role
from conformance.target.verdicts import Lacking, NoVerdict
from conformance.wacrm.specification import OPENAPI
from conformance.wacrm.steps.invalid_credentials import unknown
from conformance.wacrm.steps.refused_writes import WRITE_OPERATIONS, traced_write

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.contract.openapi import Operation
    from conformance.limiter.requests import Named
    from conformance.target.keys import KeyPool
    from conformance.target.probe import Probe
    from conformance.wacrm.steps.valid_requests import Calls

T = TypeVar("T")
ORDER = ("updateWebhook", "deleteWebhook")
"""Come last, in this order: they change what others read."""


@dataclass(frozen=True)
class OfAccount:
    """Requests for an account, as `limiter.requests.Prepared` says. `unarmed` says why nothing may be sent."""

    calls: Calls
    unarmed: str = ""

    def writes(self) -> dict[str, RefusedWrite | Exception]:
        """A write of each kind, by operation id."""
        return {name: _kept(lambda: self._write(name)) for name in WRITE_OPERATIONS}  # noqa: B023 - called at once

    def _write(self, operation_id: str) -> RefusedWrite:
        made = traced_write(self.calls, operation_id)
        return RefusedWrite(Request(made.call.operation.method, made.call.path, made.call.json), made.effect)

    def rounds(self, count: int) -> tuple[list[list[Named]], dict[str, Exception]]:
        """`count` + 1 times every operation, and what is lacking for the others."""
        lacking: dict[str, Exception] = {}
        ready: list[tuple[Operation, list[str]]] = []
        rows: dict[str, str | Exception] = {}
        for operation in sorted(OPENAPI.operations, key=lambda one: one.id in ORDER and ORDER.index(one.id) + 1):
            found = _kept(lambda: self._rows(operation, rows, count + 1))  # noqa: B023 - called at once
            if isinstance(found, Exception):
                lacking[operation.id] = found
            else:
                ready.append((operation, found))
        return [[self._request(op, ids[n % len(ids)]) for op, ids in ready] for n in range(count + 1)], lacking

    def close(self) -> None:
        """Delete the endpoints that were registered."""
        self.calls.close()

    def _rows(self, operation: Operation, rows: dict[str, str | Exception], count: int) -> list[str]:
        """Ids for the operation: one row of each kind serves all that read or change it, a deletion has its own each time."""
        if self.unarmed and operation.id in {"sendMessage", "createBroadcast"}:
            raise Lacking(self.unarmed)
        if not operation.takes_id:
            self.calls.to_nothing(operation)
            return [""]
        kind = operation.path.split("/")[1]
        if operation.id == "deleteWebhook":
            return [self.calls.row(operation.path) for _ in range(count)]
        if kind not in rows:
            rows[kind] = _kept(lambda: self.calls.row(operation.path))
        found = rows[kind]
        if isinstance(found, Exception):
            raise found
        return [found]

    def _request(self, operation: Operation, id_: str) -> Named:
        def made() -> Request:
            body = self.calls.body(operation, self.calls.endpoint_origin)
            if operation.id == "updateWebhook":
                body = {"events": ["message.received"]}
            return Request(operation.method, operation.url(id_), body)

        return operation.id, made


def _kept(make: Callable[[], T]) -> T | Exception:
    """What it makes, or why it cannot."""
    try:
        return make()
    except (Lacking, NoVerdict) as error:
        return error


SPEND = Request("GET", "/contacts?limit=1")
PLAIN = Request("GET", "/me")


def requests(calls: Callable[[Api], Calls], pool: KeyPool, unarmed: str = "") -> Requests:
    """Wacrm's requests. `calls` makes valid ones over an API; `unarmed` as in `OfAccount`."""

    def prepared(probe: Probe) -> OfAccount:
        return OfAccount(calls(Api(probe, pool, Role.FULL)), unarmed)

    return Requests(SPEND, PLAIN, failing(), prepared, unknown, Role.FULL, Role.OTHER, Role.NONE)


def failing() -> list[tuple[str, Request]]:
    """Requests that fail, each in another way."""
    return [
        ("unknown id", Request("GET", f"/contacts/{uuid.uuid4()}")),
        ("missing field", Request("POST", "/contacts", json={"name": "nobody"})),
        ("unparsable body", Request("POST", "/contacts", content=b"{")),
        ("unknown path", Request("GET", "/no-such-thing")),
    ]
