"""How the assembled application is changed: its steps are wrapped or replaced, its SQL statements are rewritten.

Changes compose, in whatever order they are installed: a wrapper calls the step that it found, `replace_step` exchanges
what all wrappers stand around, and a rewritten statement keeps what others have rewritten. Two changes that exclude each
other, such as two replacements of one step, are refused.
"""

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from starlette.requests import Request

from reference.wacrm.assembly import Wacrm
from reference.wacrm.domain.keys import Caller
from reference.wacrm.protocol.operations import Operation

_STEPS = "_steps"


class PatchError(Exception):
    """A change that would change nothing, because what it changes is not there or was changed already."""


class Step:
    """One public method of one service, behind a reference that `replace_step` can change beneath its wrappers."""

    def __init__(self, implementation: Callable[..., object]) -> None:
        self.implementation = implementation
        self.is_replaced = False

    def __call__(self, *arguments: object, **named: object) -> object:
        return self.implementation(*arguments, **named)


def open_steps(wacrm: Wacrm) -> None:
    """Make every public method of every service a step. Comes before the first change, once."""
    for service in vars(wacrm).values():
        names = [name for name, _ in inspect.getmembers(type(service), inspect.isfunction) if name[0] != "_"]
        steps = {name: Step(getattr(service, name)) for name in names}
        if steps:
            vars(service).update(steps, **{_STEPS: steps})


def wrap(service: object, name: str, wrapper: Callable[..., object]) -> None:
    """Put `wrapper` around one step; it calls what it read from the service before. Raises PatchError."""
    _step(service, name)
    setattr(service, name, wrapper)


def replace_step(service: object, name: str, implementation: Callable[..., object]) -> None:
    """Put other code in the place of one step's own; what others have wrapped around it stays. Raises PatchError."""
    step = _step(service, name)
    if step.is_replaced:
        raise PatchError(f"{type(service).__name__}.{name} is replaced by another change already")
    step.implementation, step.is_replaced = implementation, True


def _step(service: object, name: str) -> Step:
    steps: dict[str, Step] = vars(service)[_STEPS]
    if name not in steps:
        raise PatchError(f"{type(service).__name__} has no step {name}")
    return steps[name]


def rewrite(statements: object, name: str, old: str, new: str) -> None:
    """Change one SQL statement. Raises PatchError for a text that is not in it (any more)."""
    sql: str = getattr(statements, name)
    if old not in sql:
        raise PatchError(f"{type(statements).__name__}.{name} does not contain {old!r}, or another change rewrote it")
    setattr(statements, name, sql.replace(old, new))


def drop_index(wacrm: Wacrm, name: str) -> None:
    """Take a unique constraint away; it may be gone already."""
    wacrm.db.run(f"DROP INDEX IF EXISTS {name}", {})


def under_way(service: object, name: str) -> Callable[[], bool]:
    """A function that says whether this step is running, in the caller's task."""
    running: ContextVar[bool] = ContextVar("running", default=False)
    step: Callable[..., Any] = getattr(service, name)

    def called(*arguments: object, **named: object) -> object:
        with _set(running):
            return step(*arguments, **named)

    async def awaited(*arguments: object, **named: object) -> object:
        with _set(running):
            return await step(*arguments, **named)

    wrap(service, name, awaited if inspect.iscoroutinefunction(getattr(type(service), name)) else called)
    return running.get


@contextmanager
def _set(flag: ContextVar[bool]) -> Iterator[None]:
    token = flag.set(True)
    try:
        yield
    finally:
        flag.reset(token)


def current_operation(wacrm: Wacrm) -> Callable[[], Operation | None]:
    """A function that gives the operation that services work for; None in background work."""
    running: ContextVar[Operation | None] = ContextVar("running", default=None)
    admit = wacrm.admission.admit

    def noted(request: Request, operation: Operation) -> Caller:
        running.set(operation)
        return admit(request, operation)

    wrap(wacrm.admission, "admit", noted)
    return running.get
