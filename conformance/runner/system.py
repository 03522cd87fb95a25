"""One system that the harness can test: all that the runner must know of it.

A system is a package `conformance/NAME` whose module `system` has a `SYSTEM`; nothing else lists them.
"""

from __future__ import annotations

import importlib
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import conformance

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.contract.openapi import Specification
    from conformance.runner.stack import Embedded, Stack
    from conformance.target.keys import KeyPool
    from conformance.target.probe import Probe
    from conformance.target.target import Target

DEFAULT = "wacrm"


class UnknownSystemError(LookupError):
    """There is no such system; the message names those that there are."""


@dataclass(frozen=True)
class System:
    """`folder` holds `requirements.yaml` and `checks/`; `fixtures` is the pytest plugin with the fixtures of its checks.

    `sends` are last path segments of the POSTs that may send a message: none of them leaves before the preflight has
    armed the probe. `connect` tells the services around a deployment of it (mock Meta, for Wacrm); `preflight` settles
    what must hold before the first check. All three raise `SetupError`, `start_reference` also `StackError`.
    """

    name: str
    folder: Path
    specification: Specification
    fixtures: str
    sends: frozenset[str]
    start_reference: Callable[[Stack, Embedded], Target]
    connect: Callable[[Target], None]
    preflight: Callable[[Probe, KeyPool, Target], None]

    @property
    def requirements(self) -> Path:
        return self.folder / "requirements.yaml"

    @property
    def checks(self) -> Path:
        return self.folder / "checks"


def names() -> list[str]:
    """Every system, by name."""
    found = [path.parent for folder in conformance.__path__ for path in Path(folder).glob("*/system.py")]
    return sorted(folder.name for folder in found if folder != Path(__file__).parent)


def find(name: str) -> System:
    """The system of that name. Raises `UnknownSystemError`."""
    if name not in names():
        raise UnknownSystemError(f"there is no system {name!r}; there are {', '.join(names())}")
    found: System = importlib.import_module(f"conformance.{name}.system").SYSTEM
    return found


def chosen(given: str | None, target_file: Path | None) -> System:
    """The system that `--system` names, else the target file with `system = "…"`, else the default.

    A file that cannot be read names none: reading the settings says what is wrong with it.
    """
    return find(given or _named_in(target_file) or DEFAULT)


def _named_in(target_file: Path | None) -> str | None:
    try:
        named = tomllib.loads(target_file.read_text(encoding="utf-8")).get("system") if target_file else None
    except (OSError, ValueError):
        return None
    return named if isinstance(named, str) else None
