"""Everything behind ``/_control`` and ``/metrics``, mounted on one FastAPI application, with errors in one shape."""

from fastapi import Depends, FastAPI, Request
from fastapi.responses import JSONResponse, Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from mock_meta.control import (
    accounts,
    behaviour,
    faults,
    health_and_reset,
    ledger,
    metrics,
    scenario_control,
    switches,
    templates,
    webhooks,
)
from mock_meta.control.access import local_only, own_names_only, own_pages_only
from mock_meta.control.errors import ControlError, suggestion
from mock_meta.control.scenario_player import Player
from mock_meta.mock import Mock
from mock_meta.page import routes as page

PREFIX = "/_control"
ROUTERS = (
    health_and_reset.router,
    accounts.router,
    templates.router,
    behaviour.router,
    switches.router,
    faults.router,
    ledger.router,
    webhooks.router,
    scenario_control.router,
    page.router,
)


def add_control(app: FastAPI, mock: Mock) -> None:
    """The routes behind ``/_control``."""
    app.state.mock = mock
    app.state.player = Player(app)
    admission = [Depends(local_only), Depends(own_names_only), Depends(own_pages_only)]
    for router in ROUTERS:
        app.include_router(router, prefix=PREFIX, dependencies=admission)
    app.include_router(metrics.router, dependencies=admission)
    app.add_exception_handler(ControlError, _answer_control_error)
    app.add_exception_handler(HTTPException, _answer_http_error)


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
