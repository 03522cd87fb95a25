"""Worn deployments: defects and traits that real ones have everywhere at once, beside whatever else is broken in them.

A fault breaks one clause and leaves the rest; wear pervades everything that a check prepares and compares. The gate must
judge a worn deployment as sharply as a clean one: exactly what a wear breaks is red, what it hides has no verdict, and
all other clauses are judged and pass. `wacrm-harness worn` proves it. A trait is wear that breaks nothing.
"""

from collections.abc import Iterable
from types import MappingProxyType

from reference.wacrm.patching.patches import Patch
from reference.wacrm.wear import contacts, endpoints, messages, requests
from reference.wacrm.wear.registry import Wear, combined

_SINGLE = {
    wear.name: wear
    for module in (contacts, requests, messages, endpoints)
    for wear in vars(module).values()
    if isinstance(wear, Wear)
}
_SETS = {
    "worn-a": (
        "a published deployment on a hosted database",
        ("phones-without-plus", "contacts-matched-by-eight-digits", "all-tags-on-each-contact", "impossible-ids-are-500",
         "all-failed-broadcast-is-failed", "broadcast-counts-never-move", "statuses-in-any-order-win", "inbound-is-delivered",
         "bare-405-and-html-404", "webhook-list-without-cursor", "slow"),
    ),
    "worn-b": (
        "a fork on a fast machine, with a query builder of its own",
        ("phones-without-plus", "contacts-matched-by-eight-digits", "impossible-ids-are-500",
         "all-failed-broadcast-is-failed", "statuses-in-any-order-win", "bare-405-and-html-404",
         "webhook-list-without-cursor"),
    ),
    "worn-c": (
        "a hardened deployment on a small machine, whose receiver is out of reach",
        ("contacts-matched-by-eight-digits", "all-tags-on-each-contact", "broadcast-counts-never-move",
         "inbound-is-delivered", "webhook-list-without-cursor", "internal-targets-refused", "slow"),
    ),
}  # fmt: skip

SETS = MappingProxyType(
    {name: combined(name, sentence, (_SINGLE[part] for part in parts)) for name, (sentence, parts) in _SETS.items()}
)
WEAR = MappingProxyType(_SINGLE | SETS)
"""Single wear and sets by name."""


class UnknownWearError(ValueError):
    """A name that no wear has."""

    def __init__(self, name: str) -> None:
        super().__init__(f"unknown wear {name!r}; there are {', '.join(WEAR)}")


def find(name: str) -> Wear:
    """Raises UnknownWearError."""
    if name not in WEAR:
        raise UnknownWearError(name)
    return WEAR[name]


def patches(names: Iterable[str]) -> list[Patch]:
    """What wears an application in each of the named ways. Raises UnknownWearError."""
    return [find(name).patch for name in names]


__all__ = ["SETS", "WEAR", "UnknownWearError", "Wear", "find", "patches"]
