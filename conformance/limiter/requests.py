"""The requests that experiments make beside plain reads: every operation, writes to be refused, and failures of each sort."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from conformance.contract import openapi
from conformance.limiter.charging import sizes
from conformance.limiter.observation import Request
from conformance.target.verdicts import Lacking, NoVerdict
from conformance.wacrm.steps.refused_writes import WRITING, trial

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.contract.openapi import Operation
    from conformance.wacrm.steps.refused_writes import Trial
    from conformance.wacrm.steps.valid_requests import Calls

T = TypeVar("T")
Named = tuple[str, "Callable[[], Request]"]
ORDER = ("updateWebhook", "deleteWebhook")
"""Come last, in this order: they change what others read."""


@dataclass(frozen=True)
class Prepared:
    """Requests for an account. What cannot be prepared is kept as the exception that its check is to raise.

    `unarmed` says why nothing may be sent; empty when messages may be.
    """

    calls: Calls
    unarmed: str = ""

    def trials(self) -> dict[str, Trial | Exception]:
        """A write of each kind, by operation id."""
        return {name: _kept(lambda: trial(self.calls, name)) for name in WRITING}  # noqa: B023 - called at once

    def rounds(self, count: int) -> tuple[list[list[Named]], dict[str, Exception]]:
        """`count` + 1 times every operation, and what is lacking for the others."""
        lacking: dict[str, Exception] = {}
        ready: list[tuple[Operation, list[str]]] = []
        rows: dict[str, str | Exception] = {}
        for operation in sorted(openapi.operations(), key=lambda one: one.id in ORDER and ORDER.index(one.id) + 1):
            found = _kept(lambda: self._rows(operation, rows, count + 1))  # noqa: B023 - called at once
            if isinstance(found, Exception):
                lacking[operation.id] = found
            else:
                ready.append((operation, found))
        return [[self._request(op, ids[n % len(ids)]) for op, ids in ready] for n in range(count + 1)], lacking

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
            body = self.calls.body(operation, self.calls.hooks)
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


def wares(limit: int) -> list[tuple[str, Request, int]]:
    """Requests that fail, each in another way: what it is, the request, how many of it.

    With a small limit only the first ones can be told apart.
    """
    failing = [
        ("unknown id", Request("GET", f"/contacts/{uuid.uuid4()}")),
        ("missing field", Request("POST", "/contacts", json={"name": "nobody"})),
        ("unparsable body", Request("POST", "/contacts", content=b"{")),
        ("unknown path", Request("GET", "/no-such-thing")),
    ]
    amounts = sizes(len(failing), limit)
    return [(*ware, amount) for ware, amount in zip(failing, amounts, strict=False)]
