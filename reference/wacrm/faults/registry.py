"""What a fault is, and how the modules of faults declare theirs."""

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType

from reference.wacrm.assembly import Wacrm

Install = Callable[[Wacrm], None]


@dataclass(frozen=True)
class Fault:
    """`clause` is the requirement that goes red; `defect` the real-world mistake that this stands for."""

    name: str
    clause: str
    defect: str
    install: Install

    def __call__(self, wacrm: Wacrm) -> None:
        self.install(wacrm)

    @property
    def group(self) -> str:
        return self.clause.rpartition("-")[0]


def fault(clause: str, defect: str) -> Callable[[Install], Fault]:
    """Declare a fault; its name is the function's, with hyphens."""

    def declare(install: Install) -> Fault:
        return Fault(install.__name__.replace("_", "-"), clause, defect, install)

    return declare


def collect(*modules: ModuleType) -> dict[str, Fault]:
    """All faults that the modules declare, by name; a name that is declared twice is a programming error."""
    found: dict[str, Fault] = {}
    for module in modules:
        for declared in vars(module).values():
            if isinstance(declared, Fault):
                assert declared.name not in found, f"two faults are named {declared.name}"
                found[declared.name] = declared
    return found
