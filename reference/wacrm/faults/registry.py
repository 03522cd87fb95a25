"""What a fault is, and how the modules of faults declare theirs."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import ModuleType
from typing import Any, overload

from reference.wacrm.patching.patches import Patch


@dataclass(frozen=True)
class Fault:
    """`clause` is the requirement that goes red; `defect` the real-world mistake that this stands for."""

    clause: str
    name: str
    patch: Patch
    defect: str

    @property
    def group(self) -> str:
        return self.clause.rpartition("-")[0]


@overload
def fault(clause: str, defect: str) -> Callable[[Patch], Fault]: ...
@overload
def fault(clause: str, defect: str, of: Callable[..., Patch]) -> Callable[[Callable[..., Any]], Fault]: ...
def fault(clause: str, defect: str, of: Callable[..., Patch] | None = None) -> Callable[[Callable[..., Any]], Fault]:
    """Declare a function as a fault, whose name is the function's with hyphens.

    The function patches the application, or, with `of`, it is the last argument of a patch that others share.
    """

    def declare(function: Callable[..., Any]) -> Fault:
        return Fault(clause, function.__name__.replace("_", "-"), of(function) if of else function, defect)

    return declare


def collect(modules: Iterable[ModuleType]) -> dict[str, Fault]:
    """All faults that the modules declare, by name; a name that is declared twice is a programming error."""
    found: dict[str, Fault] = {}
    for module in modules:
        for fault_ in _declared(module):
            assert fault_.name not in found, f"two faults are named {fault_.name}"
            found[fault_.name] = fault_
    return found


def _declared(module: ModuleType) -> list[Fault]:
    rows: tuple[Fault, ...] = getattr(module, "ROWS", ())
    return [*rows, *(value for value in vars(module).values() if isinstance(value, Fault))]
