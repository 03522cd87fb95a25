"""Answers of each operation that several ENV checks look at; each is requested once per run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.meta.templates import GREETING
from conformance.target.keys import Role
from conformance.target.verdicts import NoVerdict
from conformance.target.waiting import eventually
from conformance.wacrm.specification import OPENAPI
from conformance.wacrm.steps import invalid_credentials, malformed_input
from conformance.wacrm.steps.account import required
from conformance.wacrm.steps.contacts import tag_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conformance.contract.openapi import Operation
    from conformance.target.api import Api
    from conformance.target.exchange import Exchange
    from conformance.target.probe import Probe
    from conformance.wacrm.steps.valid_requests import Calls

    RoleKeys = Callable[..., Api]
    AnswersOf = Callable[[Operation], list[Exchange]]
    """Gives the answers of an operation, requested when first asked for."""


class AnswerCache:
    """Exchanges by name."""

    def __init__(self) -> None:
        self._exchanges: dict[str, list[Exchange]] = {}

    def get(self, name: str, request: Callable[[], Iterator[Exchange]]) -> list[Exchange]:
        """The exchanges of this name, requested when first asked for. An exception of `request` is raised each time."""
        if name not in self._exchanges:
            self._exchanges[name] = list(_until_a_step_fails(request()))
        return self._exchanges[name]


def _until_a_step_fails(answers: Iterator[Exchange]) -> Iterator[Exchange]:
    """The answers before the first preparation that fails; no verdict when there are none."""
    some = False
    try:
        for exchange in answers:
            yield exchange
            some = True
    except NoVerdict:
        if not some:
            raise


def successes(operation: Operation, calls: Calls) -> Iterator[Exchange]:
    """The operation's 2xx answers, with different forms of rows. Refusals are skipped: other clauses check them."""
    for exchange in _answers(operation, calls):
        if exchange.status is not None and 200 <= exchange.status < 300:
            yield exchange


def _answers(operation: Operation, calls: Calls) -> Iterator[Exchange]:
    call = calls.to(operation)
    api = calls.account.api
    yield call.through(api)
    match operation.id:
        case "sendMessage":
            yield from (api.post("/messages", body) for body in _message_bodies(calls))
        case "createContact":
            phone = {"phone": calls.account.numbers.fresh()}
            rest = {"name": "Ada", "email": "ada@wacrm.invalid", "company": "Acme", "tags": [calls.account.marker()]}
            yield from (api.post("/contacts", body) for body in (phone, phone, {**call.json, **rest}, call.json))
        case "getContact":
            full: dict[str, Any] = {
                "name": None,
                "tags": [calls.account.marker(), calls.account.marker()],
                "email": "ada@wacrm.invalid",
            }
            contact = calls.account.contact(**full)
            yield from (api.get(f"/contacts/{contact['id']}"), api.get(call.path))
        case "updateContact":
            bodies: list[dict[str, Any]] = [
                {"name": None, "email": None, "company": None},
                {"tags": []},
                {"name": "Ada"},
            ]
            yield from (api.patch(call.path, body) for body in bodies)
        case "getBroadcast" | "getWebhook" | "listWebhooks" | "listContacts" | "listConversations":
            yield from _list_answers(operation, call.path, calls)
        case "getConversation" | "listConversationMessages":
            yield from _conversation_answers(call.path, calls)
        case "updateWebhook":
            yield from (api.patch(call.path, body) for body in ({"is_active": False}, {"events": ["message.received"]}))


def _message_bodies(calls: Calls) -> Iterator[dict[str, Any]]:
    marker, number = calls.account.marker(), calls.account.numbers.fresh()
    link = f"https://media.wacrm.invalid/{marker}"
    yield {"to": number, "type": "text", "text": marker, "name": marker}
    yield from ({"to": number, "type": kind, "media_url": link} for kind in ("image", "video", "document", "audio"))
    yield {
        "to": number,
        "type": "template",
        "template": {"name": GREETING, "language": "en_US", "params": [marker, "1"]},
    }


def _list_answers(operation: Operation, path: str, calls: Calls) -> Iterator[Exchange]:
    api, account = calls.account.api, calls.account
    if operation.takes_id:
        if operation.id == "getBroadcast":
            eventually(lambda: required(api.get(path), 200)["status"] == "sent", account.mock_meta.patience)
        yield api.get(path)
        return
    for _ in range(2):
        _create_full_row(path, calls)
    yield api.get(path, limit=1)
    yield api.get(path, limit=100)
    if path == "/contacts":
        tag = account.marker()
        tagged = account.contact(tags=[tag])
        yield api.get(path, search=account.marker())
        yield api.get(path, tag=tag_id(tagged, tag))
    if path == "/conversations":
        yield from (api.get(path, status=status, limit=5) for status in ("open", "pending", "closed"))
        yield api.get(path, contact_id=account.contact()["id"])
    if api.pool.has(Role.UNCONFIGURED):
        yield api.as_role(Role.UNCONFIGURED).get(path)


def _create_full_row(path: str, calls: Calls) -> None:
    """Create a row with every optional member set."""
    account = calls.account
    fields: dict[str, Any] = {
        "name": account.marker(),
        "email": "ada@wacrm.invalid",
        "company": "Acme",
        "tags": [account.marker(), account.marker()],
    }
    match path:
        case "/contacts":
            account.contact(**fields)
        case "/conversations":
            account.send(account.phone_of(account.contact(**fields)))
        case _:
            calls.row(f"{path}/{{id}}")


INBOUND_TYPES = (
    "text",
    "image",
    "video",
    "document",
    "audio",
    "sticker",
    "location",
    "contacts",
    "button",
    "interactive",
    "reaction",
)


def _conversation_answers(path: str, calls: Calls) -> Iterator[Exchange]:
    """A conversation with an inbound and an outbound message of every type."""
    account, phone = calls.account, calls.account.numbers.fresh()
    first = account.send(phone)
    path = path.replace(path.split("/")[2], first["conversation_id"])
    account.api.patch(f"/contacts/{first['contact_id']}", {"tags": [account.marker(), account.marker()]})
    for body in _message_bodies(calls):
        account.api.post("/messages", {**body, "to": phone})
    reply = {"to": phone, "text": account.marker(), "reply_to_message_id": first["message_id"]}
    account.api.post("/messages", reply)
    if calls.capabilities.inbound:
        _receive_every_type(calls, first["conversation_id"], phone, first["whatsapp_message_id"])
    yield account.api.get(path)
    yield account.api.get(path, limit=1)
    yield account.api.get(path, limit=100)


def _receive_every_type(calls: Calls, conversation: str, phone: str, quoted: str) -> None:
    account = calls.account
    members: dict[str, Any] = {"reaction": {"reaction": {"message_id": quoted, "emoji": "👍"}}}
    for kind in INBOUND_TYPES[1:]:
        account.receive(phone, type=kind, **members.get(kind, {}))
    last = account.receive(phone, context={"id": quoted, "from": "15550100000"})
    account.message(conversation, last, account.mock_meta.patience)


def refusals(operation: Operation, calls: Calls, role_keys: RoleKeys, probe: Probe) -> Iterator[Exchange]:
    """One answer for each reason that the operation has to refuse a request."""
    api, nothing = calls.account.api, calls.to_nothing(operation)
    yield nothing.bare(probe)
    yield nothing.bare(probe, invalid_credentials.unknown())
    yield from (nothing.through(role_keys(role)) for role in (Role.REVOKED, Role.EXPIRED))
    if operation.scope is not None:
        yield calls.to(operation).through(role_keys("all_but", operation.scope))
    if operation.takes_id:
        yield nothing.through(api)
        yield api.call(operation.method, operation.url("no-id"), json=nothing.json)
    if operation.has_body:
        yield from _malformed_bodies(operation, calls)
    elif not operation.takes_id or operation.id == "listConversationMessages":
        path = operation.url(calls.row(operation.path)) if operation.takes_id else operation.path
        for query in (
            {"limit": "x"},
            {"limit": -1},
            {"cursor": "x"},
            {"tag": "x"},
            {"contact_id": "x"},
            {"status": "x"},
        ):
            yield api.get(path, **query)


def _malformed_bodies(operation: Operation, calls: Calls) -> Iterator[Exchange]:
    call, api = calls.to(operation), calls.account.api
    for content in (b"", b"{", b"[]", b"{}", b'{"to": 1, "phone": 1, "name": 1, "url": 1, "recipients": 1}'):
        if not (content == b"{}" and operation.method == "PATCH"):
            yield api.call(operation.method, call.path, content=content)
    for pointer in malformed_input.pointers(call.json):
        yield api.call(
            operation.method, call.path, content=malformed_input.with_value_at(call.json, pointer, b'{"a": [true]}')
        )


def failed_sends(calls: Calls) -> Iterator[Exchange]:
    """Refused sends: without WhatsApp, rejected by Meta, quoting an unknown message, with an invalid template."""
    account = calls.account
    body = calls.to(OPENAPI.operation("sendMessage")).json
    if account.api.pool.has(Role.UNCONFIGURED):
        unconfigured = account.api.as_role(Role.UNCONFIGURED)
        yield unconfigured.post("/messages", body)
        yield unconfigured.post("/broadcasts", calls.to(OPENAPI.operation("createBroadcast")).json)
    faults: tuple[dict[str, Any], ...] = (
        {"error": {"code": 131026}}, {"error": {"code": 190}}, {"error": {"code": 132001}}, {"error": {"code": 131047}},
        {"http": {"status": 500, "body": "<html>oops</html>", "content_type": "text/html"}}, {"reset": "before"},
    )  # fmt: skip
    for fault in faults:
        account.mock_meta.fault(body["to"], **fault)
        yield account.api.post("/messages", body)
    yield account.api.post("/messages", {**body, "reply_to_message_id": "0b6f4d6e-52a1-4b07-9d0a-3d1d2f9b8a01"})
    yield account.api.post("/messages", {**body, "type": "image", "media_url": "no-url"})
    for template in (
        {"name": "none"},
        {"name": GREETING, "language": "en_US", "params": {"headerText": 1, "buttonParams": []}},
        {},
    ):
        yield account.api.post("/messages", {"to": body["to"], "type": "template", "template": template})
