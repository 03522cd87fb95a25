"""What a load scenario declares of itself, and the tasks it is made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True)
class Scenario:
    """`name` is the value of `--scenario`, `summary` its line in `--help`, `slos` its default SLOs as in `slo.toml`."""

    name: str
    summary: str
    slos: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class TaskDefinition:
    """What a user arrives for. `body` takes the user and the task; `requests` is how many an average task makes, for the
    number of keys that are needed.
    """

    scenario: str
    body: Callable[..., None]
    requests: float
