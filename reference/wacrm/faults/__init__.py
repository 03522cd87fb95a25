"""Named defects: each breaks one clause of the contract in one realistic way, and leaves all others kept.

A fault patches the assembled application; the correct code knows nothing of faults. The faults of a group's clauses
stand in the module or the folder that is named after the group (`page/`, `scope.py`); the first line of each module
names its clauses. A fault that an existing patch describes is a row of the module's `ROWS`; any other is a function
under `@fault`. Modules are found by themselves, so a new fault or module is registered nowhere else.
"""

import pkgutil
from collections.abc import Iterable
from difflib import get_close_matches
from importlib import import_module
from types import MappingProxyType

from reference.wacrm.faults.registry import Fault, collect
from reference.wacrm.patching.patches import Patch

_GROUPS = (
    "auth", "scope", "tenant", "env", "rate", "page", "cont", "conv", "msg", "bcast", "hook", "meta", "spec",
)  # fmt: skip
MODULES = MappingProxyType(
    {
        info.name.removeprefix(f"{__name__}."): import_module(info.name)
        for info in pkgutil.walk_packages(__path__, f"{__name__}.")
        if not info.ispkg
    }
)
"""The modules of this package by name, such as `page.order`."""


def _of(group: str) -> dict[str, Fault]:
    """The faults of a group, by clause."""
    found = collect(module for name, module in MODULES.items() if name.partition(".")[0] == group)
    return dict(sorted(found.items(), key=lambda item: item[1].clause))


FAULTS = MappingProxyType({name: fault for group in _GROUPS for name, fault in _of(group).items()})
LOAD_FAULTS = MappingProxyType(collect([MODULES["load"]]))
"""For the load test, whose kinds of trouble they name; the conformance run need not find them."""


class UnknownFaultError(ValueError):
    """A name that no fault has; the message offers the nearest ones."""

    def __init__(self, name: str) -> None:
        near = get_close_matches(name, [*FAULTS, *LOAD_FAULTS], n=3)
        hint = f"; did you mean {', '.join(near)}?" if near else ""
        super().__init__(f"unknown fault {name!r}{hint}")


def find(name: str) -> Fault:
    """Raises UnknownFaultError for a name that no fault has."""
    try:
        return FAULTS[name] if name in FAULTS else LOAD_FAULTS[name]
    except KeyError:
        raise UnknownFaultError(name) from None


def patches(names: Iterable[str]) -> list[Patch]:
    """What breaks an application in each of the named ways. Raises UnknownFaultError."""
    return [find(name).patch for name in names]


__all__ = ["FAULTS", "LOAD_FAULTS", "MODULES", "Fault", "UnknownFaultError", "find", "patches"]
