"""The control as a FastAPI application: routes, errors in one shape, loopback only, and no other site's pages."""

import ipaddress
from urllib.parse import urlsplit

from fastapi import Depends, FastAPI, Request
from fastapi.responses import JSONResponse, Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from mock_meta.control import (
    accounts,
    behaviour,
    faults,
    general,
    ledger,
    metrics,
    scenario_control,
    switches,
    templates,
    webhooks,
)
from mock_meta.control.bodies import mock_of
from mock_meta.control.scenario_player import Player
from mock_meta.control.shapes import ControlError, suggestion
from mock_meta.mock import Mock
from mock_meta.page import routes

PREFIX = "/_control"
ROUTERS = (
    general.router,
    accounts.router,
    templates.router,
    behaviour.router,
    switches.router,
    faults.router,
    ledger.router,
    webhooks.router,
    routes.router,
    scenario_control.router,
)


def add_control(app: FastAPI, mock: Mock) -> None:
    """The routes behind ``/_control``."""
    app.state.mock = mock
    app.state.player = Player(app)
    admission = [Depends(local_only), Depends(own_pages_only)]
    for router in ROUTERS:
        app.include_router(router, prefix=PREFIX, dependencies=admission)
    app.include_router(metrics.router, dependencies=admission)
    app.add_exception_handler(ControlError, _answer_control_error)
    app.add_exception_handler(HTTPException, _answer_http_error)


async def local_only(request: Request) -> None:
    """Raises ControlError 403 for a client on another machine, unless the control was opened on purpose."""
    if mock_of(request).settings.control_remote or is_loopback(request):
        return
    raise ControlError("the control answers this machine only; start with --control-remote to open it", 403)


async def own_pages_only(request: Request) -> None:
    """Raises ControlError 403 for what a browser sends on behalf of another site (RFC 6454, section 7).

    A page of any site can make the browser of a developer call this machine. Programs send no ``Origin``.
    """
    origin = request.headers.get("origin")
    if origin is not None and not same_place(origin, request.headers.get("host", "")):
        raise ControlError(f"the control answers no pages of other sites, such as {origin!r}", 403)


def same_place(origin: str, host: str) -> bool:
    """Whether an ``Origin`` names this ``Host``; a port that is left out is the scheme's.

    Of the scheme the mock knows nothing when a proxy adds TLS: it is the origin's.
    """
    try:
        theirs, ours = urlsplit(origin), urlsplit(f"//{host}")
        default = {"http": 80, "https": 443}[theirs.scheme]
        there, here = (theirs.hostname, theirs.port or default), (ours.hostname, ours.port or default)
    except (KeyError, ValueError):
        return False
    return here[0] is not None and here == there


def is_loopback(request: Request) -> bool:
    host = request.client.host if request.client else ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


async def _answer_control_error(_request: Request, problem: Exception) -> Response:
    assert isinstance(problem, ControlError)
    return JSONResponse({"error": problem.sentence}, problem.status)


async def _answer_http_error(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, HTTPException)
    known = {PREFIX + route.path for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)}
    if problem.status_code == 404:  # noqa: PLR2004  # the HTTP status
        sentence = f"no control route {request.url.path}{suggestion(request.url.path, known)}"
    else:
        sentence = f"{request.method} is not a method of {request.url.path}"
    return JSONResponse({"error": sentence}, problem.status_code)
