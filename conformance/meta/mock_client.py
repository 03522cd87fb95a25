"""Reads and steers mock Meta over its control interface: ledger, behaviour, faults, inbound messages."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx

from conformance.target import waiting
from conformance.target.verdicts import NoVerdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Entry = dict[str, Any]
"""A ledger entry or a delivery, as mock Meta's control interface gives it."""


GRAPH_VERSION = "v23.0"
"""Of the harness's own calls; mock Meta takes any that Meta does."""


class MockMetaError(Exception):
    """Mock Meta cannot be reached, or refused a control request: ours, so verdict `error`."""


@dataclass
class MockMeta:
    """Mock Meta's control interface at `control` (an URL ending in `/_control`)."""

    control: str
    patience: float = waiting.PATIENCE
    client: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=40.0, trust_env=False), repr=False)

    def request(self, method: str, path: str, json: Any = None, **params: Any) -> Any:  # noqa: ANN401 - JSON
        """One control request; the parsed answer. Raises `MockMetaError`."""
        wanted = {name: value for name, value in params.items() if value is not None}
        return self._answer(method, self.control + path, json=json, params=wanted)

    def _answer(self, method: str, url: str, **content: Any) -> Any:  # noqa: ANN401 - as httpx takes it
        try:
            response = self.client.request(method, url, **content)
        except httpx.HTTPError as error:
            raise MockMetaError(f"mock Meta at {self.control} does not answer: {error}") from error
        if response.is_error:
            raise MockMetaError(f"mock Meta refused {method} {url}: {response.status_code} {response.text[:300]}")
        return response.json() if response.content else None

    # -- the ledger -------------------------------------------------------------------------------------------------

    def mark(self) -> int:
        """The ledger's present end: `since=mark` sees only what comes later."""
        return int(self.request("GET", "/health")["last_seq"])

    def ledger(self, **query: Any) -> list[Entry]:  # noqa: ANN401 - query values
        """Entries that match, oldest first. Query: kind, wamid, to, contains, operation, outcome, since, limit."""
        return list(self.request("GET", "/ledger", limit=10_000, **query)["entries"])

    def sends(self, **query: Any) -> list[Entry]:  # noqa: ANN401 - query values
        """Requests to send a message, accepted or not."""
        return self.ledger(kind="request", operation="messages.send", **query)

    def accepted(self, **query: Any) -> list[Entry]:  # noqa: ANN401 - query values
        """Messages that Meta accepted."""
        return [entry for entry in self.sends(**query) if entry["wamid"] is not None]

    def settled(
        self,
        *,
        at_least: int,
        quiet: float = waiting.QUIET,
        patience: float | None = None,
        **query: Any,  # noqa: ANN401
    ) -> list[Entry]:
        """Sends that match, once there are `at_least` of them and none came for `quiet` seconds, or at the deadline."""
        limit = self.patience if patience is None else patience
        return waiting.settled(lambda: self.sends(**query), at_least=at_least, patience=limit, quiet=quiet)

    # -- behaviour --------------------------------------------------------------------------------------------------

    def script(self, to: str | Iterable[str], *steps: tuple[str, float] | dict[str, Any]) -> None:
        """What statuses messages to these numbers get: `("delivered", 0.1)` is 0.1 s after Meta accepted it."""
        numbers = [to] if isinstance(to, str) else list(to)
        script = [{"status": s[0], "after": s[1]} if isinstance(s, tuple) else s for s in steps]
        self.request("POST", "/behaviour/recipients", {"to": [n.lstrip("+") for n in numbers], "script": script})

    def fault(self, to: str | Iterable[str] | None = None, *, times: int | None = 1, **fault: Any) -> str:  # noqa: ANN401
        """Arrange a fault for sends to these numbers; its id. Keywords as in `POST /_control/faults`."""
        match: dict[str, Any] = {"operation": "messages.send"}
        if to is not None:
            match["to"] = [n.lstrip("+") for n in ([to] if isinstance(to, str) else to)]
        return str(self.request("POST", "/faults", {"match": match, "times": times, **fault})["id"])

    def lift(self, fault: str) -> None:
        self.request("DELETE", f"/faults/{fault}")

    def template(self, waba_id: str, **template: Any) -> None:  # noqa: ANN401 - JSON
        self.request("POST", f"/accounts/{waba_id}/templates", template)

    def upload(self, phone_number_id: str, token: str, content: bytes, mime_type: str) -> str:
        """Put a file at Meta, as a business does (Meta: Media, Upload); its id."""
        form = {"messaging_product": "whatsapp", "type": mime_type}
        url = f"{self.control.removesuffix('/_control')}/{GRAPH_VERSION}/{phone_number_id}/media"
        headers = {"Authorization": f"Bearer {token}"}
        answer = self._answer("POST", url, data=form, files={"file": ("file", content, mime_type)}, headers=headers)
        return str(answer["id"])

    def reaches(self, waba_id: str) -> bool:
        """Whether anything answers at the account's webhook address, whatever it answers."""
        return self.request("POST", f"/accounts/{waba_id}/handshake")["status"] is not None

    # -- webhooks to the deployment -----------------------------------------------------------------------------------

    def inbound(self, phone_number_id: str, *messages: dict[str, Any], batch: bool = False) -> list[str]:
        """Customers write in; the wamids, after the deployment's first answer. No verdict when it never acknowledged."""
        body = {"phone_number_id": phone_number_id, "messages": list(messages), "batch": batch, "wait": True}
        answer = self.request("POST", "/inbound", body)
        self.acknowledged(answer["deliveries"])
        return list(answer["wamids"])

    def statuses(self, phone_number_id: str, *statuses: dict[str, Any]) -> list[Entry]:
        """One POST with these statuses, as given; its deliveries after the first answer."""
        body = {"phone_number_id": phone_number_id, "statuses": list(statuses), "wait": True}
        return list(self.request("POST", "/statuses", body)["deliveries"])

    def webhook(self, waba_id: str, **webhook: Any) -> Entry:  # noqa: ANN401 - JSON
        """Any webhook, signed in any way (`payload` or `body`, `signature`, `escape`); its delivery."""
        body = {"waba_id": waba_id, "wait": True, **webhook}
        deliveries: Sequence[Entry] = self.request("POST", "/webhooks", body)["deliveries"]
        return deliveries[0]

    def replay(self, delivery_id: str) -> Entry:
        """Send a delivery's bytes once more."""
        answer = self.request("POST", f"/webhooks/{delivery_id}/replay", {"wait": True})
        found: Entry = answer["deliveries"][0]
        return found

    def acknowledged(self, deliveries: Iterable[Entry]) -> None:
        """Raise `NoVerdict` unless the deployment answered every delivery with 200."""
        for delivery in deliveries:
            last = delivery["attempts"][-1] if delivery["attempts"] else {"status": None, "error": "not attempted"}
            if last["status"] != 200:  # noqa: PLR2004
                raise NoVerdict(f"the deployment did not take Meta's webhook: {last['status'] or last['error']}")

    def drained(self, patience: float | None = None) -> bool:
        """Wait until no webhook is due or under way; False at the deadline."""
        limit = self.patience if patience is None else patience
        return bool(waiting.eventually(self._has_drained, limit, waiting.POLL_OWN))

    def _has_drained(self) -> bool:
        health = self.request("GET", "/health")
        return not health["pending_webhooks"] and not health["in_flight"]

    def close(self) -> None:
        self.client.close()
