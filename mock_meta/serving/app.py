"""The mock as one FastAPI application."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from fastapi import FastAPI

from mock_meta.graph.gateway import Gateway, Scope
from mock_meta.mock import Clock, Mock
from mock_meta.protocol.connection import Receive, Send, can_cut, cut
from mock_meta.serving.control_routes import PREFIX, add_control
from mock_meta.settings import Settings
from mock_meta.webhooks.transport import Transport

if TYPE_CHECKING:
    from mock_meta.control.scenario_file import Scenario


class MockMeta(FastAPI):
    """The control's routes, and the Graph API for every other path.

    The hot path is here: a send goes straight to the gateway. FastAPI's middleware and routing, which tries the control's
    routes one by one, would take four times as long as everything else that is done for it (127 us to 31), and change
    nothing about the answer. A ``scenario`` that is set before the server starts is played from then on.
    """

    def __init__(self, mock: Mock) -> None:
        super().__init__(title="mock_meta", docs_url=None, redoc_url=None, openapi_url=None, lifespan=_lifespan)
        self.mock = mock
        self.scenario: Scenario | None = None
        self._gateway = Gateway(mock)
        add_control(self, mock)
        self.router.default = self._graph

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            if scope["type"] == "http" and scope["path"].endswith("/messages") and scope["path"].startswith("/v"):
                await self._gateway(scope, receive, send)
            else:
                await super().__call__(scope, receive, send)
        except asyncio.CancelledError:
            if not can_cut(scope):
                raise
            await cut(
                scope, receive
            )  # the server ends while a call waits: a drop, as when Meta goes away, and not uvicorn's 500

    async def _graph(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Everything that is no route of the control."""
        if scope["type"] != "http" or scope["path"].startswith(_CONTROL_PATHS):
            await self.router.not_found(scope, receive, send)
        else:
            await self._gateway(scope, receive, send)


_CONTROL_PATHS = (PREFIX, "/metrics")


@asynccontextmanager
async def _lifespan(app: MockMeta) -> AsyncIterator[None]:
    app.mock.start()
    if app.scenario is not None:
        await app.state.player.start(app.scenario)
    yield
    await app.state.player.stop()
    await app.mock.stop()


def create_app(
    settings: Settings | None = None, *, clock: Clock = time.time, transport: Transport | None = None
) -> MockMeta:
    """A mock of its own: nothing is shared between two applications.

    ``clock`` gives unix seconds, ``transport`` carries the webhooks; None sends them over HTTP.
    """
    return MockMeta(Mock(settings or Settings(), clock, transport))
