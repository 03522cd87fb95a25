"""The ASGI application."""

import logging
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from reference.wacrm import faults as faults_
from reference.wacrm import variants as variants_
from reference.wacrm import wear as wear_
from reference.wacrm.assembly import Wacrm
from reference.wacrm.patching.patches import install
from reference.wacrm.protocol.envelope import ApiError, Code, bad_request
from reference.wacrm.routes import (
    account,
    broadcasts,
    contacts,
    control,
    conversations,
    media,
    messages,
    meta,
    webhooks,
)
from reference.wacrm.routes.wiring import wacrm_of
from reference.wacrm.settings import Settings

API = "/api/v1"
_log = logging.getLogger("reference.wacrm")


def create_app(
    settings: Settings, faults: Iterable[str] = (), variants: Iterable[str] = (), wear: Iterable[str] = ()
) -> FastAPI:
    """An application with a state of its own; `faults`, `variants`, `wear` are names from the packages of those names.

    Raises:
        UnknownFaultError: for a name that no fault has.
        UnknownVariantError: for a name that no variant has.
        UnknownWearError: for a name that no wear has.

    """
    app = FastAPI(lifespan=_lifespan, openapi_url=None, redirect_slashes=False)
    app.state.wacrm = Wacrm(settings)
    patches = [*variants_.patches(variants), *wear_.patches(wear), *faults_.patches(faults)]
    install(app.state.wacrm, patches)
    for module in (account, messages, contacts, conversations, broadcasts, webhooks):
        app.include_router(module.router, prefix=API)
    app.include_router(meta.router)
    app.include_router(media.router)
    if settings.control:
        app.include_router(control.router)
    app.add_exception_handler(ApiError, _api_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(Exception, _unexpected)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    yield
    await app.state.wacrm.close()


def _failure(request: Request, error: ApiError) -> Response:
    return wacrm_of(request).envelope.failure(request.scope.get("wacrm.operation"), error)


async def _api_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)
    return _failure(request, error)


async def _http_error(request: Request, error: Exception) -> Response:
    """Unknown paths and wrong methods: both are nothing that the API has."""
    assert isinstance(error, HTTPException)
    if request.url.path.startswith("/api/v1"):
        return wacrm_of(request).envelope.unrouted(error.status_code)
    return JSONResponse({"error": error.detail}, error.status_code, error.headers)


async def _validation_error(request: Request, _error: Exception) -> Response:
    return _failure(request, bad_request("The request is not valid."))


async def _unexpected(request: Request, _error: Exception) -> Response:
    return _failure(request, ApiError(Code.INTERNAL, "An unexpected error occurred."))
