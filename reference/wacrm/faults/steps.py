"""The ways in which faults take hold of the assembled application."""

from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from copy import deepcopy
from typing import TypeVar

from starlette.requests import Request
from starlette.responses import Response

from reference.wacrm.assembly import Wacrm
from reference.wacrm.domain.keys import Caller
from reference.wacrm.protocol.bodies import Body
from reference.wacrm.protocol.envelope import ApiError, Json
from reference.wacrm.protocol.operations import Operation

B = TypeVar("B", bound=Body)


def patch(service: object, step: str, replacement: Callable[..., object]) -> None:
    """Replace one step of one service. A step that is not there would make the fault break nothing: an error."""
    assert callable(getattr(service, step)), f"{type(service).__name__} has no step {step}"
    setattr(service, step, replacement)


def rewrite(statements: object, name: str, old: str, new: str) -> None:
    """Change one SQL statement. A text that is not in it would make the fault break nothing: an error."""
    sql: str = getattr(statements, name)
    assert old in sql, f"{type(statements).__name__}.{name} does not contain {old!r}"
    setattr(statements, name, sql.replace(old, new))


def reshape(
    wacrm: Wacrm, operation: Operation | None, change: Callable[[Json], None], *, status: int | None = None
) -> None:
    """Let `change` alter the bodies of an operation's answers, all of them or those of one status."""
    respond = wacrm.envelope.respond

    def altered(asked: Operation | None, code: int, body: Json, headers: Mapping[str, str]) -> Response:
        if asked is operation and status in {None, code}:
            body = deepcopy(body)
            change(body)
        return respond(asked, code, body, headers)

    patch(wacrm.envelope, "respond", altered)


def restatus(wacrm: Wacrm, operation: Operation | None, old: int, new: int) -> None:
    """Let an operation answer with another status."""
    respond = wacrm.envelope.respond

    def altered(asked: Operation | None, code: int, body: Json, headers: Mapping[str, str]) -> Response:
        return respond(asked, new if (asked, code) == (operation, old) else code, body, headers)

    patch(wacrm.envelope, "respond", altered)


def current_operation(wacrm: Wacrm) -> Callable[[], Operation | None]:
    """Tells services which operation they work for; None in background work."""
    running: ContextVar[Operation | None] = ContextVar("running", default=None)
    admit = wacrm.gate.admit

    def noted(request: Request, operation: Operation) -> Caller:
        running.set(operation)
        return admit(request, operation)

    patch(wacrm.gate, "admit", noted)
    return running.get


def refuse_late(wacrm: Wacrm, judgement: str, operation: Operation, service: object, step: str) -> None:
    """Let one operation's refusal by the gate's `judgement` come only after `step` has done its work."""
    refusal = _postpone(wacrm, judgement, operation)
    work: Callable[..., object] = getattr(service, step)

    def work_then_refuse(*arguments: object) -> object:
        try:
            done = work(*arguments)
        except ApiError as error:
            raise refusal() or error from None
        _raise_if(refusal())
        return done

    patch(service, step, work_then_refuse)


def refuse_late_awaited(wacrm: Wacrm, judgement: str, operation: Operation, service: object, step: str) -> None:
    """The same for a step that is awaited."""
    refusal = _postpone(wacrm, judgement, operation)
    work: Callable[..., Awaitable[object]] = getattr(service, step)

    async def work_then_refuse(*arguments: object) -> object:
        try:
            done = await work(*arguments)
        except ApiError as error:
            raise refusal() or error from None
        _raise_if(refusal())
        return done

    patch(service, step, work_then_refuse)


def _postpone(wacrm: Wacrm, judgement: str, operation: Operation) -> Callable[[], ApiError | None]:
    """The refusal that is due, once the gate has let the request through."""
    refusal: ContextVar[ApiError | None] = ContextVar("refusal", default=None)
    judge: Callable[[Caller, Operation], None] = getattr(wacrm.gate, judgement)
    read = wacrm.bodies.read

    def postponed(caller: Caller, asked: Operation) -> None:
        try:
            judge(caller, asked)
        except ApiError as error:
            if asked is not operation:
                raise
            refusal.set(error)

    async def read_or_refuse(request: Request, model: type[B]) -> B:
        try:
            return await read(request, model)
        except ApiError as error:
            raise refusal.get() or error from None

    patch(wacrm.gate, judgement, postponed)
    patch(wacrm.bodies, "read", read_or_refuse)
    return refusal.get


def _raise_if(refusal: ApiError | None) -> None:
    if refusal is not None:
        raise refusal
