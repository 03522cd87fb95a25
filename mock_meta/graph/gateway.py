"""The imitated Graph API as one ASGI application: every call goes through here, and into the ledger.

Order of events for a call: read it, let a fault take it or carry it out, record it, wait if told to, answer or cut.
"""

import asyncio
import json
import time
from collections.abc import MutableMapping
from typing import Any

import msgspec

from mock_meta.business.accounts import Account
from mock_meta.graph.media import DOWNLOAD_NODE, download
from mock_meta.graph.recording import make_entry, recipient_of, type_of
from mock_meta.graph.routes import Node, NodeKind, Route
from mock_meta.graph.table import MESSAGES, admit, charge, find_node, find_route, operation_of
from mock_meta.mock import Mock
from mock_meta.protocol.answer import Answer, failed, to_wire
from mock_meta.protocol.call import Call, read_call
from mock_meta.protocol.connection import Receive, Send, cut, reply
from mock_meta.protocol.errors import GraphError
from mock_meta.protocol.numbers import digits_of
from mock_meta.simulation.faults import Fault, Subject
from mock_meta.simulation.limits import Usage
from mock_meta.simulation.magic_numbers import magic_fault

Scope = MutableMapping[str, Any]

_LONGEST_HANG = 600.0


class Gateway:
    """Serves Graph paths for one mock."""

    def __init__(self, mock: Mock) -> None:
        self._mock = mock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.monotonic()
        body = await _read_body(receive)
        if body is None:
            return
        self._mock.in_flight += 1
        try:
            await self._serve(read_call(scope, body), scope, receive, send, started)
        finally:
            self._mock.in_flight -= 1

    async def _serve(self, call: Call, scope: Scope, receive: Receive, send: Send, started: float) -> None:
        mock = self._mock
        node = find_node(mock, call)
        route = find_route(call, node)
        operation = operation_of(call, node, route)
        phone_number_id = call.at.node if call.at.edge == "messages" or (node and node.phone) else None
        fault = self._fault(call, operation, phone_number_id)
        answer = None
        if fault is None or fault.accepts:
            answer = await self._carry_out(call, node, route)
        entry = make_entry(mock, call, operation, phone_number_id, answer, fault)
        mock.ledger.add(entry)
        if fault is None and answer is not None:
            await self._reply(send, call, answer)
        elif fault is not None:
            await self._misbehave(fault, answer, call, scope, receive, send)
        mock.ledger.timed(entry, time.monotonic() - started)

    def _fault(self, call: Call, operation: str, phone_number_id: str | None) -> Fault | None:
        """What is to go wrong with this call: an armed fault, or a magic recipient's."""
        recipient = recipient_of(call)
        digits = digits_of(recipient) if recipient else None
        subject = Subject(operation, phone_number_id, digits or recipient, type_of(call, operation))
        armed = self._mock.faults.take(subject)
        if armed is not None or operation != "messages.send" or self._mock.behaviour.has_script(digits):
            return armed
        return magic_fault(digits)

    async def _carry_out(self, call: Call, node: Node | None, route: Route | None) -> Answer:
        """What Meta answers. A call may depend on what somebody else answers first, such as a callback to be verified."""
        try:
            if call.at.node == DOWNLOAD_NODE and call.method == "GET":
                return download(self._mock, call)
            found, matched = admit(self._mock, call, node, route)
        except GraphError as refusal:
            return failed(refusal.body)
        try:
            charge(self._mock, call, found)
            if matched.before is not None:
                await matched.before(self._mock, call, found)
            answer = matched.handler(self._mock, call, found)
        except GraphError as refusal:
            answer = failed(refusal.body)
        return self._with_usage(answer, call, found)

    def _with_usage(self, answer: Answer, call: Call, node: Node) -> Answer:
        """What is gone of the hour's calls, once they are limited: the WABA's for management, else the app's (14.4)."""
        if call.at.edge == MESSAGES:
            return answer
        limits, now = self._mock.limits, self._mock.clock()
        managing = node.kind is NodeKind.WABA
        usage = limits.management_usage(node.account, now) if managing else limits.app_usage(node.account, now)
        if usage is None:
            return answer
        name, told = _of_waba(node.account, usage) if managing else ("x-app-usage", _share(usage))
        return msgspec.structs.replace(answer, headers={**answer.headers, name: json.dumps(told)})

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


def _share(usage: Usage) -> dict[str, Any]:
    return {"call_count": usage.percent, "total_cputime": 1, "total_time": 1}


def _of_waba(account: Account, usage: Usage) -> tuple[str, dict[str, Any]]:
    regained = {"estimated_time_to_regain_access": usage.minutes}
    share = {"type": "whatsapp_business_management", **_share(usage), **regained}
    return "x-business-use-case-usage", {account.waba_id: [share]}


async def _read_body(receive: Receive) -> bytes | None:
    """The whole body; None when the caller went away before it was complete."""
    message = await receive()
    if message["type"] != "http.request":
        return None
    first: bytes = message.get("body", b"")
    if not message.get("more_body"):
        return first
    chunks = [first]
    while message.get("more_body"):
        message = await receive()
        if message["type"] != "http.request":
            return None
        chunks.append(message.get("body", b""))
    return b"".join(chunks)


async def _until_gone(receive: Receive, seconds: float) -> None:
    """Say nothing until the caller hangs up or the time is over."""
    try:
        async with asyncio.timeout(seconds):
            while (await receive())["type"] != "http.disconnect":
                pass
    except TimeoutError:
        return
