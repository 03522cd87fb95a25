"""Valid requests for each operation, and the rows that they need."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from conformance.meta.templates import GREETING, PLAIN
from conformance.target.verdicts import Lacking
from conformance.wacrm.specification import OPENAPI
from conformance.wacrm.steps.account import required

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.contract.openapi import Operation
    from conformance.target.api import Api
    from conformance.target.exchange import Exchange
    from conformance.target.keys import Key
    from conformance.target.probe import Probe
    from conformance.target.target import Capabilities
    from conformance.wacrm.steps.account import Account, Row

ORIGIN = "https://hooks.wacrm.invalid"
"""The origin of endpoints that must not be called; it does not resolve (RFC 6761)."""


@dataclass(frozen=True)
class Call:
    """One request: its operation, its path with ids filled in, its body (None: no body)."""

    operation: Operation
    path: str
    json: Any = None

    def through(self, api: Api) -> Exchange:
        """Send it with a key of the API's role."""
        return api.call(self.operation.method, self.path, json=self.json)

    def bare(self, probe: Probe, key: Key | None = None) -> Exchange:
        """Send it with this key, or with none; the key pool is not involved."""
        return probe.send(self.operation.method, self.path, key=key, json=self.json)


@dataclass(frozen=True)
class Calls:
    """Makes valid requests for an account. `Lacking` for what the target does not have, `NoVerdict` for a row that
    cannot be created.

    `endpoint_origin()` is the origin that endpoints may be registered for.
    """

    account: Account
    capabilities: Capabilities
    endpoint_origin: Callable[[], str] = lambda: ORIGIN
    endpoint_ids: list[str] = field(default_factory=list)
    """Ids of endpoints to delete afterwards: deployments may limit their number."""

    def close(self) -> None:
        """Delete the endpoints. HOOK-03 checks whether that works."""
        while self.endpoint_ids:
            self.account.api.delete(f"/webhooks/{self.endpoint_ids.pop()}")

    def to(self, operation: Operation) -> Call:
        """A request that succeeds with a key that has the scope. The row that it is about is created for it."""
        self._offered(operation)
        return self._call(operation, self.row(operation.path) if operation.takes_id else "", self.endpoint_origin)

    def to_nothing(self, operation: Operation) -> Call:
        """The same request about a row that does not exist. It costs no request."""
        self._offered(operation)
        return self._call(operation, str(uuid.uuid4()), lambda: ORIGIN)

    def row(self, path: str) -> str:
        """The id of a new row of the kind in the path."""
        match path.split("/")[1]:
            case "contacts":
                return str(self.account.contact(name=self.account.marker())["id"])
            case "conversations":
                return str(self.conversation()["conversation_id"])
            case "broadcasts":
                call = self.to(OPENAPI.operation("createBroadcast"))
                return str(required(call.through(self.account.api), 202)["broadcast_id"])
        return str(self.webhook()["id"])

    def conversation(self) -> Row:
        """A new conversation with one message: the answer to the send."""
        self._has("messages", lacking=not self.capabilities.messages)
        return self.account.send()

    def webhook(self) -> Row:
        """A new endpoint, inactive so that nothing is delivered to it; the answer to its registration."""
        body = self.body(OPENAPI.operation("createWebhook"), self.endpoint_origin)
        made = required(self.account.api.post("/webhooks", body), 201)
        self.endpoint_ids.append(str(made["id"]))
        self.account.api.patch(f"/webhooks/{made['id']}", {"is_active": False})
        return made

    def body(self, operation: Operation, endpoint_origin: Callable[[], str]) -> Any:  # noqa: ANN401 - JSON
        """A valid body for the operation; None for one without."""
        marker, fresh = self.account.marker, self.account.numbers.fresh
        made: dict[str, Callable[[], Row]] = {
            "sendMessage": lambda: {"to": fresh(), "text": marker()},
            "createContact": lambda: {"phone": fresh(), "name": marker()},
            "updateContact": lambda: {
                "name": marker(),
                "company": marker(),
                "email": f"{marker()}@wacrm.invalid",
                "tags": [marker()],
            },
            "createBroadcast": lambda: {"name": marker(), "template_name": PLAIN, "recipients": [{"to": fresh()}]},
            "createWebhook": lambda: {
                "url": f"{endpoint_origin()}/{marker()}",
                "events": ["message.received"],
            },
            "updateWebhook": lambda: {
                "url": f"{endpoint_origin()}/{marker()}",
                "events": ["conversation.created"],
                "is_active": True,
            },
        }
        return made[operation.id]() if operation.has_body else None

    def marked_broadcast(self, marker: str) -> Row:
        """A broadcast's body to one fresh number, with a marker in its parameters, by which Meta's ledger shows it."""
        recipient = {"to": self.account.numbers.fresh(), "params": [marker, "1"]}
        return {"name": marker, "template_name": GREETING, "recipients": [recipient]}

    def _call(self, operation: Operation, id_: str, endpoint_origin: Callable[[], str]) -> Call:
        return Call(operation, operation.url(id_), self.body(operation, endpoint_origin))

    def _offered(self, operation: Operation) -> None:
        capabilities = self.capabilities
        kind = operation.path.split("/")[1]
        offered = {
            "messages": capabilities.messages,
            "broadcasts": capabilities.broadcasts,
            "webhooks": capabilities.webhooks,
        }
        self._has(kind, lacking=not offered.get(kind, True))

    def _has(self, kind: str, *, lacking: bool) -> None:
        if lacking:
            raise Lacking(f"the target file says that the target has no {kind}")
