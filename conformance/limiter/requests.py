"""What experiments send. The system that is tested gives it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from conformance.target.keys import Key
    from conformance.target.probe import Probe


@dataclass(frozen=True)
class Request:
    """A request of an experiment. `path` is below the base path and carries its query."""

    method: str
    path: str
    json: Any = None
    content: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


Named = tuple[str, "Callable[[], Request]"]
"""A request of an operation, by the operation's id; its body is made when it is sent."""


@dataclass(frozen=True)
class RefusedWrite:
    """A valid write that is sent with a spent key, and `trace`: what it left, in words; empty when it left nothing."""

    request: Request
    trace: Callable[[], str]


class Prepared(Protocol):
    """Requests that need rows. What cannot be prepared is kept as the exception that its check is to raise."""

    def writes(self) -> dict[str, RefusedWrite | Exception]:
        """A write of each kind, by operation id."""

    def rounds(self, count: int) -> tuple[list[list[Named]], dict[str, Exception]]:
        """`count` + 1 times every operation, and what is lacking for the others."""

    def close(self) -> None:
        """Delete the rows that must not stay."""


@dataclass(frozen=True)
class Requests:
    """A system's requests and the roles of the keys that they are sent with.

    `spend` is what budgets are spent with: a documented read that needs a permission, since deployments like to exempt
    others. `plain` is a read that any valid key may make. `failing` are requests that fail, each in another way, in
    words and as a request. `full`, `other` and `unscoped` are roles: keys with every permission, keys of another
    account, keys that `spend` is forbidden to. `unknown_key` makes a key that nobody issued.
    """

    spend: Request
    plain: Request
    failing: Sequence[tuple[str, Request]]
    prepared: Callable[[Probe], Prepared]
    unknown_key: Callable[[], Key]
    full: str
    other: str
    unscoped: str
