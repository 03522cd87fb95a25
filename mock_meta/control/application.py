"""The control as a FastAPI application: routes, errors in one shape, loopback only."""

import ipaddress

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
    page,
    scenario,
    switches,
    templates,
    webhooks,
)
from mock_meta.control.bodies import mock_of
from mock_meta.control.shapes import ControlError, suggestion
from mock_meta.mock import Mock
from mock_meta.player import Player

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
    page.router,
    scenario.router,
)


def add_control(app: FastAPI, mock: Mock) -> None:
    """The routes behind ``/_control``."""
    app.state.mock = mock
    app.state.player = Player(app)
    for router in ROUTERS:
        app.include_router(router, prefix=PREFIX, dependencies=[Depends(local_only)])
    app.include_router(metrics.router, dependencies=[Depends(local_only)])
    app.add_exception_handler(ControlError, _answer_control_error)
    app.add_exception_handler(HTTPException, _answer_http_error)


async def local_only(request: Request) -> None:
    """Raises ControlError 403 for a client on another machine, unless the control was opened on purpose."""
    if mock_of(request).settings.control_remote or is_loopback(request):
        return
    raise ControlError("the control answers this machine only; start with --control-remote to open it", 403)


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
