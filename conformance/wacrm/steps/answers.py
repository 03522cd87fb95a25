"""Answers that several ENV checks look at: each is asked for once in a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.meta.templates import GREETING
from conformance.target.keys import Role
from conformance.target.verdicts import Mismatch, NoAnswerError
from conformance.target.waiting import eventually
from conformance.wacrm.specification import OPENAPI
from conformance.wacrm.steps import invalid_credentials, malformed_input
from conformance.wacrm.steps.account import needed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conformance.contract.openapi import Operation
    from conformance.target.api import Api
    from conformance.target.exchange import Exchange
    from conformance.target.probe import Probe
    from conformance.wacrm.steps.valid_requests import Calls

    RoleKeys = Callable[..., Api]


class Answers:
    """Remembers lists of exchanges by name."""

    def __init__(self) -> None:
        self._known: dict[str, list[Exchange]] = {}

    def once(self, name: str, ask: Callable[[], Iterator[Exchange]]) -> list[Exchange]:
        """The exchanges of that name. What `ask` raises is raised each time."""
        if name not in self._known:
            self._known[name] = list(ask())
        return self._known[name]


def successes(operation: Operation, calls: Calls) -> Iterator[Exchange]:
    """2xx answers of an operation, in the forms that its rows have. What is refused is left to the clauses that say so."""
    for exchange in _asked(operation, calls):
        if exchange.status is not None and 200 <= exchange.status < 300:
            yield exchange


def _asked(operation: Operation, calls: Calls) -> Iterator[Exchange]:
    call = calls.to(operation)
    api = calls.account.api
    yield call.through(api)
    match operation.id:
        case "sendMessage":
            yield from (api.post("/messages", body) for body in _messages(calls))
        case "createContact":
            phone = {"phone": calls.account.numbers.fresh()}
            rest = {"name": "Ada", "email": "ada@wacrm.invalid", "company": "Acme", "tags": [calls.account.word()]}
            yield from (api.post("/contacts", body) for body in (phone, phone, {**call.json, **rest}, call.json))
        case "getContact":
            full: dict[str, Any] = {
                "name": None,
                "tags": [calls.account.word(), calls.account.word()],
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
            yield from _pages(operation, call.path, calls)
        case "getConversation" | "listConversationMessages":
            yield from _inbound(call.path, calls)
        case "updateWebhook":
            yield from (api.patch(call.path, body) for body in ({"is_active": False}, {"events": ["message.received"]}))


def _messages(calls: Calls) -> Iterator[dict[str, Any]]:
    word, number = calls.account.word(), calls.account.numbers.fresh()
    link = f"https://media.wacrm.invalid/{word}"
    yield {"to": number, "type": "text", "text": word, "name": word}
    yield from ({"to": number, "type": kind, "media_url": link} for kind in ("image", "video", "document", "audio"))
    yield {"to": number, "type": "template", "template": {"name": GREETING, "language": "en_US", "params": [word, "1"]}}


def _pages(operation: Operation, path: str, calls: Calls) -> Iterator[Exchange]:
    api, account = calls.account.api, calls.account
    if operation.takes_id:
        if operation.id == "getBroadcast":
            eventually(lambda: needed(api.get(path), 200)["status"] == "sent", account.mock_meta.patience)
        yield api.get(path)
        return
    for _ in range(2):
        _rich_row(path, calls)
    yield api.get(path, limit=1)
    yield api.get(path, limit=100)
    if path == "/contacts":
        tagged = account.contact(tags=[account.word()])
        yield api.get(path, search=account.word())
        yield api.get(path, tag=tagged["tags"][0]["id"])
    if path == "/conversations":
        yield from (api.get(path, status=status, limit=5) for status in ("open", "pending", "closed"))
        yield api.get(path, contact_id=account.contact()["id"])
    if api.pool.has(Role.UNCONFIGURED):
        yield api.as_role(Role.UNCONFIGURED).get(path)


def _rich_row(path: str, calls: Calls) -> None:
    """A row in which every member that can be filled is."""
    account = calls.account
    fields = {
        "name": account.word(),
        "email": "ada@wacrm.invalid",
        "company": "Acme",
        "tags": [account.word(), account.word()],
    }
    match path:
        case "/contacts":
            account.contact(**fields)
        case "/conversations":
            account.send(account.contact(**fields)["phone"])
        case _:
            calls.row(f"{path}/{{id}}")


INBOUND = (
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


def _inbound(path: str, calls: Calls) -> Iterator[Exchange]:
    """A conversation in which the customer has sent a message of every type, and has been answered with every type."""
    account = calls.account
    id_ = path.split("/")[2]
    contact = needed(account.api.get(f"/conversations/{id_}"), 200)["contact"]
    account.api.patch(f"/contacts/{contact['id']}", {"tags": [account.word(), account.word()]})
    sent = [account.api.post("/messages", {**body, "to": contact["phone"]}) for body in _messages(calls)]
    first = needed(sent[0], 201)
    reply = {"to": contact["phone"], "text": account.word(), "reply_to_message_id": first["message_id"]}
    account.api.post("/messages", reply)
    if calls.capabilities.inbound:
        _every_type(calls, id_, contact["phone"], first["whatsapp_message_id"])
    yield account.api.get(path)
    yield account.api.get(path, limit=1)
    yield account.api.get(path, limit=100)


def _every_type(calls: Calls, conversation: str, phone: str, quoted: str) -> None:
    account = calls.account
    members: dict[str, Any] = {"reaction": {"reaction": {"message_id": quoted, "emoji": "👍"}}}
    for kind in INBOUND[1:]:
        account.receive(phone, type=kind, **members.get(kind, {}))
    last = account.receive(phone, context={"id": quoted, "from": "15550100000"})
    account.message(conversation, last, account.mock_meta.patience)


def refusals(operation: Operation, calls: Calls, role_keys: RoleKeys, probe: Probe) -> Iterator[Exchange]:
    """An answer for each reason that the operation has to refuse."""
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
        yield from _bad_bodies(operation, calls)
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


def _bad_bodies(operation: Operation, calls: Calls) -> Iterator[Exchange]:
    call, api = calls.to(operation), calls.account.api
    for content in (b"", b"{", b"[]", b"{}", b'{"to": 1, "phone": 1, "name": 1, "url": 1, "recipients": 1}'):
        if not (content == b"{}" and operation.method == "PATCH"):
            yield api.call(operation.method, call.path, content=content)
    for pointer in malformed_input.pointers(call.json):
        yield api.call(
            operation.method, call.path, content=malformed_input.placed(call.json, pointer, b'{"a": [true]}')
        )


def to_bodies(operation: Operation, calls: Calls) -> Iterator[Exchange]:
    """What the operation says to bodies that are no JSON, no object, or hard to parse."""
    path = calls.to(operation).path
    for content in (
        *malformed_input.UNPARSABLE.values(),
        *malformed_input.NOT_OBJECTS.values(),
        *malformed_input.BODIES.values(),
    ):
        yield survived(calls.account.api, operation.method, path, content=content)


def send_refusals(calls: Calls) -> Iterator[Exchange]:
    """Sends that fail for reasons of their own: no WhatsApp, Meta's no, a message that is none, a wrong template."""
    account = calls.account
    body = calls.to(OPENAPI.operation("sendMessage")).json
    if account.api.pool.has(Role.UNCONFIGURED):
        bare = account.api.as_role(Role.UNCONFIGURED)
        yield bare.post("/messages", body)
        yield bare.post("/broadcasts", calls.to(OPENAPI.operation("createBroadcast")).json)
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
        {"name": GREETING, "language": "en_US", "params": {"header": 1, "buttons": {}}},
        {},
    ):
        yield account.api.post("/messages", {"to": body["to"], "type": "template", "template": template})


def survived(api: Api, method: str, path: str, **request: Any) -> Exchange:  # noqa: ANN401 - as Probe.send
    """The answer to hostile input. No answer, twice, from a target that answers others is what the input did to it.

    Once is not enough: a server may close an idle connection at the moment it is used again.
    """
    try:
        return api.call(method, path, **request)
    except NoAnswerError:
        api.get("/me")
    try:
        return api.call(method, path, **request)
    except NoAnswerError as error:
        broken = error.exchange
    api.get("/me")
    raise Mismatch("an answer", str(broken.trouble), broken)
