"""A valid request for each operation, with the rows that it needs."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from conformance.meta.templates import GREETING, PLAIN
from conformance.target.verdicts import Lacking
from conformance.wacrm.specification import OPENAPI
from conformance.wacrm.steps.account import needed

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
"""Where endpoints point that are never to be called: a name that resolves nowhere (RFC 6761)."""


@dataclass(frozen=True)
class Call:
    """One request: the operation it is for, its path below the base path with ids filled in, its body (None: none)."""

    operation: Operation
    path: str
    json: Any = None

    def through(self, api: Api) -> Exchange:
        """Ask with a key of the role."""
        return api.call(self.operation.method, self.path, json=self.json)

    def bare(self, probe: Probe, key: Key | None = None) -> Exchange:
        """Ask with this key, or with none at all; the pool does not know of it."""
        return probe.send(self.operation.method, self.path, key=key, json=self.json)


@dataclass(frozen=True)
class Calls:
    """Makes calls for an account. What the target lacks raises `Lacking`, a row that cannot be made `NoVerdict`.

    `hooks` gives the origin that endpoints may be registered for.
    """

    account: Account
    capabilities: Capabilities
    hooks: Callable[[], str] = lambda: ORIGIN
    endpoints: list[str] = field(default_factory=list)
    """Ids of endpoints to delete afterwards: deployments may allow an account so many."""

    def close(self) -> None:
        """Delete the endpoints. Whether that works is for HOOK-03 to judge."""
        while self.endpoints:
            self.account.api.delete(f"/webhooks/{self.endpoints.pop()}")

    def to(self, operation: Operation) -> Call:
        """A call that succeeds for a key with the scope. The row it is about was made for it."""
        self._offered(operation)
        return self._call(operation, self.row(operation.path) if operation.takes_id else "", self.hooks)

    def to_nothing(self, operation: Operation) -> Call:
        """The same call, about a row that does not exist. It costs no request."""
        self._offered(operation)
        return self._call(operation, str(uuid.uuid4()), lambda: ORIGIN)

    def row(self, path: str) -> str:
        """The id of a new row of the kind that the path is about."""
        match path.split("/")[1]:
            case "contacts":
                return str(self.account.contact(name=self.account.word())["id"])
            case "conversations":
                return str(self.conversation()["conversation_id"])
            case "broadcasts":
                call = self.to(OPENAPI.operation("createBroadcast"))
                return str(needed(call.through(self.account.api), 202)["broadcast_id"])
        return str(self.webhook()["id"])

    def conversation(self) -> Row:
        """A new conversation with one message in it: the answer to the send."""
        self._has("messages", lacking=not self.capabilities.messages)
        return self.account.send()

    def webhook(self, **fields: Any) -> Row:  # noqa: ANN401 - JSON
        """A new endpoint, inactive unless asked otherwise; the answer to its registration."""
        body = {**self.body(OPENAPI.operation("createWebhook"), self.hooks), **fields}
        made = needed(self.account.api.post("/webhooks", body), 201)
        self.endpoints.append(str(made["id"]))
        return made

    def body(self, operation: Operation, hooks: Callable[[], str]) -> Any:  # noqa: ANN401 - JSON
        """A valid body for the operation; None for one without."""
        word, fresh = self.account.word, self.account.numbers.fresh
        made: dict[str, Callable[[], Row]] = {
            "sendMessage": lambda: {"to": fresh(), "text": word()},
            "createContact": lambda: {"phone": fresh(), "name": word()},
            "updateContact": lambda: {
                "name": word(),
                "company": word(),
                "email": f"{word()}@wacrm.invalid",
                "tags": [word()],
            },
            "createBroadcast": lambda: {"name": word(), "template_name": PLAIN, "recipients": [{"to": fresh()}]},
            "createWebhook": lambda: {"url": f"{hooks()}/{word()}", "events": ["message.received"], "is_active": False},
            "updateWebhook": lambda: {
                "url": f"{hooks()}/{word()}",
                "events": ["conversation.created"],
                "is_active": True,
            },
        }
        return made[operation.id]() if operation.has_body else None

    def marked_broadcast(self, word: str) -> Row:
        """A broadcast's body to one fresh number, with a word in its template's parameters that Meta's ledger shows."""
        recipient = {"to": self.account.numbers.fresh(), "params": [word, "1"]}
        return {"name": word, "template_name": GREETING, "recipients": [recipient]}

    def _call(self, operation: Operation, id_: str, hooks: Callable[[], str]) -> Call:
        return Call(operation, operation.url(id_), self.body(operation, hooks))

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
