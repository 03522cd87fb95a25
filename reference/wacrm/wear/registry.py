"""What wear is, and how the modules of wear declare theirs."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from reference.wacrm.patching.patches import Patch, together

_NONE: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Wear:
    """`breaks` are the clauses that go red under it, `hides` those that cannot be judged, each with the reason.

    `covers` names faults of clauses that are judged, whose effect cannot be seen under this wear, each with the reason.
    All three follow from the contract's words, and not from what the checks of a day say. A clause is broken when its
    sentence is false of ordinary input; input that another clause is about counts for that clause alone.
    """

    name: str
    sentence: str
    patch: Patch
    breaks: frozenset[str] = frozenset()
    hides: Mapping[str, str] = field(default_factory=lambda: _NONE)
    covers: Mapping[str, str] = field(default_factory=lambda: _NONE)


def wear(
    sentence: str,
    *breaks: str,
    hides: Mapping[str, str] = _NONE,
    covers: Mapping[str, str] = _NONE,
    of: Callable[..., Patch] | None = None,
) -> Callable[[Callable[..., object]], Wear]:
    """Declare a function as wear, whose name is the function's with hyphens.

    The function patches the application, or, with `of`, it is the last argument of a patch that others share.
    """

    def declare(function: Callable[..., object]) -> Wear:
        patch: Patch = of(function) if of else function  # type: ignore[assignment]
        return Wear(function.__name__.replace("_", "-"), sentence, patch, frozenset(breaks), hides, covers)

    return declare


def combined(name: str, sentence: str, parts: Iterable[Wear]) -> Wear:
    """Several at once. What one of them breaks is broken, even if another hides it."""
    parts = tuple(parts)
    breaks = frozenset[str]().union(*(part.breaks for part in parts))
    hides = {clause: reason for part in parts for clause, reason in part.hides.items() if clause not in breaks}
    covers = {fault: reason for part in parts for fault, reason in part.covers.items()}
    return Wear(name, sentence, together(*(part.patch for part in parts)), breaks, hides, covers)
