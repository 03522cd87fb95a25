"""The imitated Graph API as one ASGI application: every call goes through here, and into the ledger.

Order of events for a call: read it, resolve what it names, let a fault take it or carry it out, record it, wait if told to,
answer or cut.
"""

import asyncio
import time
from collections.abc import MutableMapping
from typing import Any

from mock_meta.graph.admission import admit
from mock_meta.graph.media import download
from mock_meta.graph.quota import charge, with_usage
from mock_meta.graph.recording import make_entry
from mock_meta.graph.resolution import resolve
from mock_meta.graph.routes import ResolvedCall
from mock_meta.graph.table import DOWNLOAD
from mock_meta.mock import Mock
from mock_meta.protocol.answer import Answer, failed, to_wire
from mock_meta.protocol.call import Call, most_bytes, read_call
from mock_meta.protocol.connection import BodyTooLargeError, Receive, Send, cut, read_body, reply
from mock_meta.protocol.errors import GraphError, too_large
from mock_meta.simulation.faults import Fault

Scope = MutableMapping[str, Any]

_LONGEST_HANG = 600.0


class Gateway:
    """Serves Graph paths for one mock."""

    def __init__(self, mock: Mock) -> None:
        self._mock = mock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.monotonic()
        refusal = None
        try:
            body = await read_body(receive, most_bytes(scope["path"]))
        except BodyTooLargeError:
            body, refusal = b"", failed(too_large())
        if body is None:
            return
        self._mock.in_flight += 1
        try:
            call = resolve(self._mock, read_call(scope, body))
            await self._serve(call, refusal, scope, receive, send, started)
        finally:
            self._mock.in_flight -= 1

    async def _serve(  # one ASGI exchange
        self, call: ResolvedCall, refusal: Answer | None, scope: Scope, receive: Receive, send: Send, started: float
    ) -> None:
        fault = call.fault
        answer = refusal or (await self._carry_out(call) if fault is None or fault.accepts else None)
        entry = make_entry(self._mock.clock(), call, answer)
        self._mock.ledger.add(entry)
        if fault is not None:
            await self._misbehave(fault, answer, call, scope, receive, send)
        elif answer is not None:
            await self._reply(send, call, answer)
        self._mock.ledger.timed(entry, time.monotonic() - started)

    async def _carry_out(self, call: ResolvedCall) -> Answer:
        """What Meta answers. A call may depend on what somebody else answers first, such as a callback to be verified."""
        mock = self._mock
        try:
            if call.operation == DOWNLOAD and call.method == "GET":
                return download(mock, call)
            route = admit(mock, call)
        except GraphError as refusal:
            return failed(refusal.body)
        try:
            charge(mock, call)
            if route.before is not None:
                await route.before(mock, call)
            answer = route.handler(mock, call)
        except GraphError as refusal:
            answer = failed(refusal.body)
        return with_usage(mock, call, answer)

    async def _reply(self, send: Send, call: Call, answer: Answer) -> None:
        wire = to_wire(answer, call, self._mock.ids)
        await reply(send, wire.status, wire.headers, wire.body)

    async def _misbehave(  # one ASGI exchange
        self, fault: Fault, answer: Answer | None, call: Call, scope: Scope, receive: Receive, send: Send
    ) -> None:
        if fault.hang is not None:
            await _until_gone(receive, fault.delay or _LONGEST_HANG)
            await cut(scope, receive)
            return
        if fault.delay:
            await asyncio.sleep(fault.delay)
        if fault.reset is not None:
            await cut(scope, receive)
        elif fault.raw is not None:
            head = [
                (b"content-type", fault.raw.content_type.encode("latin-1")),
                (b"content-length", str(len(fault.raw.body)).encode()),
            ]
            await reply(send, fault.raw.status, head, fault.raw.body)
        elif fault.error is not None:
            await self._reply(send, call, failed(fault.error))
        elif answer is not None:
            await self._reply(send, call, answer)


async def _until_gone(receive: Receive, seconds: float) -> None:
    """Say nothing until the caller hangs up or the time is over."""
    try:
        async with asyncio.timeout(seconds):
            while (await receive())["type"] != "http.disconnect":
                pass
    except TimeoutError:
        return
