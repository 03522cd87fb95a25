"""Patches that many faults and variants have in common: a row of a table names one, with what it is about."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextvars import ContextVar
from copy import deepcopy
from typing import Any, Concatenate, ParamSpec

from starlette.requests import Request
from starlette.responses import Response

from reference.wacrm.assembly import Wacrm
from reference.wacrm.domain.keys import Caller
from reference.wacrm.patching.steps import open_steps, rewrite, wrap
from reference.wacrm.protocol.bodies import B, Body
from reference.wacrm.protocol.envelope import ApiError, Json
from reference.wacrm.protocol.operations import Operation

Patch = Callable[[Wacrm], None]
P = ParamSpec("P")


def patch(install: Callable[Concatenate[Wacrm, P], None]) -> Callable[P, Patch]:
    """Make a function of the application and further arguments one of these arguments, which gives a patch."""

    def about(*arguments: P.args, **named: P.kwargs) -> Patch:
        return lambda wacrm: install(wacrm, *arguments, **named)

    return about


def install(wacrm: Wacrm, patches: Sequence[Patch]) -> None:
    """Change a fresh application in all of these ways."""
    if patches:
        open_steps(wacrm)
    for one in patches:
        one(wacrm)


@patch
def together(wacrm: Wacrm, *patches: Patch) -> None:
    """Several patches that make one change."""
    for one in patches:
        one(wacrm)


@patch
def request_body(wacrm: Wacrm, model: type[Body], change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Let `change` give the bodies of requests for one model another form before they are validated."""
    validate = wacrm.bodies.validate

    def changed(body: dict[str, Any], asked: type[B]) -> B:
        return validate(change(body) if asked is model else body, asked)

    wrap(wacrm.bodies, "validate", changed)


@patch
def sql(wacrm: Wacrm, statement: str, old: str, new: str) -> None:
    """Rewrite a statement such as `contacts.page`."""
    service, _, name = statement.partition(".")
    rewrite(getattr(wacrm, service).sql, name, old, new)


@patch
def answer(wacrm: Wacrm, operation: Operation | None, change: Callable[[Json], None], status: int | None = 200) -> None:
    """Let `change` alter the bodies of an operation's answers, those of one status or, for None, all of them."""
    respond = wacrm.envelope.respond

    def altered(asked: Operation | None, code: int, body: Json, headers: Mapping[str, str]) -> Response:
        if asked is operation and status in {None, code}:
            body = deepcopy(body)
            change(body)
        return respond(asked, code, body, headers)

    wrap(wacrm.envelope, "respond", altered)


@patch
def status(wacrm: Wacrm, operation: Operation | None, old: int, new: int) -> None:
    """Let an operation answer with another status."""
    respond = wacrm.envelope.respond

    def altered(asked: Operation | None, code: int, body: Json, headers: Mapping[str, str]) -> Response:
        return respond(asked, new if (asked, code) == (operation, old) else code, body, headers)

    wrap(wacrm.envelope, "respond", altered)


@patch
def refuse_late(wacrm: Wacrm, admission_step: str, operation: Operation, work: str) -> None:
    """One operation's refusal by a step of the admission comes only after `work`, such as `contacts.create`, is done."""
    refusal = _postpone(wacrm, admission_step, operation)
    service, _, step = work.partition(".")
    do: Callable[..., object] = getattr(getattr(wacrm, service), step)

    def work_then_refuse(*arguments: object) -> object:
        try:
            done = do(*arguments)
        except ApiError as error:
            raise refusal() or error from None
        _raise_if(refusal())
        return done

    wrap(getattr(wacrm, service), step, work_then_refuse)


@patch
def refuse_late_awaited(wacrm: Wacrm, admission_step: str, operation: Operation, work: str) -> None:
    """The same for work that is awaited."""
    refusal = _postpone(wacrm, admission_step, operation)
    service, _, step = work.partition(".")
    do: Callable[..., Awaitable[object]] = getattr(getattr(wacrm, service), step)

    async def work_then_refuse(*arguments: object) -> object:
        try:
            done = await do(*arguments)
        except ApiError as error:
            raise refusal() or error from None
        _raise_if(refusal())
        return done

    wrap(getattr(wacrm, service), step, work_then_refuse)


def _postpone(wacrm: Wacrm, admission_step: str, operation: Operation) -> Callable[[], ApiError | None]:
    """The refusal that is due, once the admission has let the request through."""
    refusal: ContextVar[ApiError | None] = ContextVar("refusal", default=None)
    check: Callable[[Caller, Operation], None] = getattr(wacrm.admission, admission_step)
    read = wacrm.bodies.read

    def postponed(caller: Caller, asked: Operation) -> None:
        try:
            check(caller, asked)
        except ApiError as error:
            if asked is not operation:
                raise
            refusal.set(error)

    async def read_or_refuse(request: Request, model: type[B]) -> B:
        try:
            return await read(request, model)
        except ApiError as error:
            raise refusal.get() or error from None

    wrap(wacrm.admission, admission_step, postponed)
    wrap(wacrm.bodies, "read", read_or_refuse)
    return refusal.get


def _raise_if(refusal: ApiError | None) -> None:
    if refusal is not None:
        raise refusal
