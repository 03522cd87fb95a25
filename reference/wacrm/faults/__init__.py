"""Named defects: each breaks one clause of the contract in one realistic way, and leaves all others kept.

A fault is a function over the assembled application. The correct code knows nothing of faults.
"""

from collections.abc import Iterable
from difflib import get_close_matches
from types import MappingProxyType

from reference.wacrm.assembly import Wacrm
from reference.wacrm.faults import (
    auth,
    bcast,
    bcast_counts,
    bcast_outcomes,
    cont,
    cont_changes,
    cont_search,
    conv,
    env,
    hook,
    hook_deliveries,
    hook_endpoints,
    hook_events,
    hook_networks,
    load,
    meta,
    meta_again,
    msg,
    msg_content,
    msg_refused,
    msg_status,
    msg_trouble,
    page,
    rate,
    scope,
    spec,
    tenant,
)
from reference.wacrm.faults.registry import Fault, collect

_GROUPS = (
    auth,
    scope,
    tenant,
    env,
    rate,
    page,
    cont,
    cont_changes,
    cont_search,
    conv,
    msg,
    msg_content,
    msg_refused,
    msg_status,
    msg_trouble,
    bcast,
    bcast_counts,
    bcast_outcomes,
    hook,
    hook_deliveries,
    hook_endpoints,
    hook_events,
    hook_networks,
    meta,
    meta_again,
    spec,
)
FAULTS = MappingProxyType(collect(*_GROUPS))
LOAD_FAULTS = MappingProxyType(collect(load))
"""For the load test, whose kinds of trouble they name; the gate is not asked to find them."""


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


def apply(wacrm: Wacrm, names: Iterable[str]) -> None:
    """Break `wacrm` in each of the named ways; none of them when one is unknown."""
    for fault in [find(name) for name in names]:
        fault.install(wacrm)


__all__ = ["FAULTS", "LOAD_FAULTS", "Fault", "UnknownFaultError", "apply", "find"]
