"""The target's API as one role sees it: what checks call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from conformance.target.exchange import retry_after
from conformance.target.keys import Role
from conformance.target.verdicts import Lacking, Starved

if TYPE_CHECKING:
    from conformance.target.exchange import Exchange
    from conformance.target.keys import KeyPool
    from conformance.target.probe import Probe

RETRIES_AFTER_429 = 4


@dataclass(frozen=True)
class Api:
    """The target's API as one role sees it: every call draws on the role's budget and survives an early 429.

    `api.get("/contacts", limit=2)`, `api.post("/contacts", {"phone": …})`, `api.as_role(Role.NONE)`, `api.call("PUT", …)`.
    """

    probe: Probe
    pool: KeyPool
    role: str = Role.FULL

    def as_role(self, role: str) -> Api:
        """The same API with another role's keys; `Lacking` when the target file gives none."""
        if not self.pool.has(role):
            raise Lacking(f"the target file gives no key for keys.{role.replace(':', '.', 1)}")
        return Api(self.probe, self.pool, role)

    def call(self, method: str, path: str, **request: Any) -> Exchange:  # noqa: ANN401 - as Probe.send
        """`Probe.send` with a key of the role. After repeated 429s: `Starved`."""
        for _ in range(RETRIES_AFTER_429):
            key = self.pool.lend(self.role)
            exchange = self.probe.send(method, path, key=key, **request)
            if exchange.status != 429:  # noqa: PLR2004
                return exchange
            self.pool.refused(key, retry_after(exchange))
        raise Starved(f"rate limited away: {method} {path} got 429 {RETRIES_AFTER_429} times, each with budget left")

    def get(self, path: str, **params: Any) -> Exchange:  # noqa: ANN401 - query values
        return self.call("GET", path, params=params or None)

    def post(self, path: str, json: Any) -> Exchange:  # noqa: ANN401 - JSON
        return self.call("POST", path, json=json)

    def patch(self, path: str, json: Any) -> Exchange:  # noqa: ANN401 - JSON
        return self.call("PATCH", path, json=json)

    def delete(self, path: str) -> Exchange:
        return self.call("DELETE", path)
