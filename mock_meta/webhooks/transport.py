"""HTTP to the deployment: the one place where a webhook leaves the process."""

import os
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import aiohttp
from yarl import URL

_IDLE = 2.0
"""Seconds until an unused connection is closed: before servers do (Node and uvicorn after 5), so that no POST meets a close."""

_MOST = 64 * 1024


@dataclass(frozen=True, slots=True)
class Reply:
    """What the deployment answered; ``body`` is the beginning of it."""

    status: int
    body: str


class TransportError(Exception):
    """Nothing answered: refused, cut, or too slow."""


Post = Callable[[str, bytes, Mapping[str, str]], Awaitable[Reply]]


class Transport(Protocol):
    """The seam between the mock and the network. Both calls raise TransportError when nothing answers."""

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Reply: ...

    async def get(self, url: str, headers: Mapping[str, str]) -> Reply: ...

    async def close(self) -> None: ...


async def _beginning(stream: aiohttp.StreamReader) -> bytes:
    """Up to ``_MOST`` bytes of an answer, whose end nobody waits for: some have none."""
    content = b""
    while len(content) < _MOST and (more := await stream.read(_MOST - len(content))):
        content += more
    return content


def _reason(problem: OSError) -> str:
    """What the system says of it; for names that it cannot find, what the resolver says."""
    return (
        os.strerror(problem.errno)
        if problem.errno and problem.errno > 0
        else problem.strerror or type(problem).__name__
    )


class HttpTransport:
    """Posts with aiohttp, which takes a tenth of the time that httpx does. ``timeout`` in seconds."""

    def __init__(self, timeout: float, ca_file: str | None = None) -> None:
        self._timeout = timeout
        self._ca_file = ca_file
        self._session: aiohttp.ClientSession | None = None
        self._trusted: ssl.SSLContext | None = None

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        """Raises TransportError when nothing answered within the timeout."""
        return await self._exchange("POST", url, headers, body)

    async def get(self, url: str, headers: Mapping[str, str]) -> Reply:
        """For the handshake. Raises TransportError like post."""
        return await self._exchange("GET", url, headers, None)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def _exchange(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Reply:
        session = self._session = self._session or self._open()
        trust = self._trust() if url.startswith("https:") else True
        try:
            address = URL(url, encoded=url.isascii())  # as it was given: %2F stays what it is
            async with session.request(
                method, address, data=body, headers=headers, allow_redirects=False, ssl=trust
            ) as answer:
                content = await _beginning(answer.content)
        except TimeoutError as problem:
            raise TransportError(f"no answer within {self._timeout:g} s") from problem
        except aiohttp.ClientSSLError as problem:
            raise TransportError(f"TLS: {problem.strerror or problem}") from problem
        except aiohttp.ClientConnectorError as problem:
            raise TransportError(
                f"cannot connect to {problem.host}:{problem.port}: {_reason(problem.os_error)}"
            ) from problem
        except (aiohttp.ClientError, OSError, ValueError) as problem:
            raise TransportError(f"{type(problem).__name__}: {problem}") from problem
        return Reply(answer.status, content.decode("utf-8", "replace"))

    def _trust(self) -> ssl.SSLContext:
        """Read when it is needed: the system's certificates take 50 ms, in which no send is answered."""
        if self._trusted is None:
            self._trusted = ssl.create_default_context(cafile=self._ca_file)
        return self._trusted

    def _open(self) -> aiohttp.ClientSession:
        """A session needs a running loop. It reads no proxy from the environment, and keeps no cookies."""
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=_IDLE),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=self._timeout),
        )
