"""The mock as one ASGI application."""

import time
from typing import TYPE_CHECKING

from fastapi import FastAPI

from mock_meta.control.application import PREFIX, create_control
from mock_meta.gateway import Gateway, Receive, Scope, Send
from mock_meta.mock import Clock, Mock
from mock_meta.posting import Poster
from mock_meta.settings import Settings

if TYPE_CHECKING:
    from mock_meta.scenario import Scenario


class MockMeta:
    """Graph calls go straight to the gateway, which keeps the send path short; the control is FastAPI's.

    A ``scenario`` that is set before the server starts is played from then on.
    """

    def __init__(self, mock: Mock, gateway: Gateway, control: FastAPI) -> None:
        self.mock = mock
        self.scenario: "Scenario | None" = None
        self._gateway = gateway
        self._control = control

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1000})
        elif scope["path"].startswith(_CONTROL_PATHS):
            await self._control(scope, receive, send)
        else:
            await self._gateway(scope, receive, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                if self.scenario is not None:
                    await self._control.state.player.start(self.scenario)
                await send({"type": "lifespan.startup.complete"})
            else:
                await self._control.state.player.stop()
                await self.mock.stop()
                await send({"type": "lifespan.shutdown.complete"})
                return


_CONTROL_PATHS = (PREFIX, "/metrics")


def create_app(settings: Settings | None = None, *, clock: Clock = time.time, poster: Poster | None = None) -> MockMeta:
    """A mock of its own: nothing is shared between two applications.

    ``clock`` gives unix seconds, ``poster`` carries the webhooks; None sends them over HTTP.
    """
    mock = Mock(settings or Settings(), clock, poster)
    return MockMeta(mock, Gateway(mock), create_control(mock))
