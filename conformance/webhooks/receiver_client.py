"""What checks ask the receiver: which deliveries arrived, and how the next ones are answered."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

import httpx

from conformance.target import waiting
from conformance.target.learned import Learned


@dataclass(frozen=True)
class Attempt:
    """One request that arrived. `at` is unix time, `monotonic` this machine's monotonic clock, in seconds; `taken` says that it
    was answered at once with a 2xx.
    """

    seq: int
    at: float
    monotonic: float
    method: str
    path: str
    headers: dict[str, str]
    raw: bytes
    taken: bool = True

    def json(self) -> Any:  # noqa: ANN401 - JSON
        """The body as JSON, or None when it is none."""
        try:
            return json.loads(self.raw)
        except ValueError:
            return None


class Receiver:
    """Where deliveries go (`origin`), what arrived, how paths answer. `control` is the receiver's address for us."""

    def __init__(self, origin: str, control: str, tripwire: int, patience: float = waiting.PATIENCE) -> None:
        self.origin, self.control, self.tripwire, self.patience = origin, control, tripwire, patience
        self.learned = Learned()
        self._client = httpx.Client(base_url=control, timeout=10.0, trust_env=False)

    def url(self, path: str) -> str:
        return f"{self.origin}{path}"

    def answer(self, path: str, **answer: Any) -> None:  # noqa: ANN401 - Answer's fields
        """Program a path: status, delay (seconds), location, reset."""
        self.answers(path, answer)

    def answers(self, path: str, *answers: dict[str, Any]) -> None:
        """Program a path's next deliveries one by one, however often each is attempted; the last answer is for all others."""
        self._client.put("/answers", params={"path": path}, json=answers).raise_for_status()

    def attempts(self, path: str, since: int = 0) -> list[Attempt]:
        """What came to `path` (a prefix), oldest first."""
        found = self._client.get("/attempts", params={"path": path, "since": since}).raise_for_status().json()
        return [Attempt(**{**a, "raw": base64.b64decode(a["raw"])}) for a in found]

    def settled(
        self, path: str, *, at_least: int, quiet: float = waiting.QUIET, patience: float | None = None
    ) -> list[Attempt]:
        """Attempts on `path`, once there are `at_least` and none came for `quiet` seconds, or at the deadline."""
        limit = self.patience if patience is None else patience
        return waiting.settled(lambda: self.attempts(path), at_least=at_least, patience=limit, quiet=quiet)

    def tripwires(self, count: int) -> list[int]:
        """Ports of `count` new tripwires, so that who touches one can be told from who touches another."""
        ports: list[int] = self._client.post("/tripwires", params={"count": count}).raise_for_status().json()
        return ports

    def touched(self, port: int | None = None) -> list[str]:
        """The addresses at which connections came to a tripwire (None: to any), where no delivery may go; oldest first."""
        found = self._client.get("/touched").raise_for_status().json()
        return [address for at, address in found if port in (None, at)]

    def close(self) -> None:
        self._client.close()
