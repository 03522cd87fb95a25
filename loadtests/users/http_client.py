"""HTTP as fast as Python gets it: geventhttpclient's connections and parser, and requests that are written out once."""

from __future__ import annotations

import time
from dataclasses import dataclass
from socket import IPPROTO_TCP, TCP_NODELAY
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import gevent.ssl
from geventhttpclient.connectionpool import ConnectionPool, SSLConnectionPool
from geventhttpclient.response import HTTPSocketPoolResponse

if TYPE_CHECKING:
    from gevent.socket import socket

CONNECTIONS = 4000
"""Requests under way at a time. More than that would be a queue here, which no latency would show."""
BLOCK = 65536
LONGEST_IDLE = 2.0
"""Seconds."""


class NoAnswerError(Exception):
    """No usable answer came. `refused`: there was nobody to connect to, so nothing was asked."""

    def __init__(self, reason: str, *, refused: bool = False) -> None:
        super().__init__(reason)
        self.refused = refused


@dataclass(slots=True)
class Response:
    status: int
    body: bytes
    retry_after: str | None


class _Young(ConnectionPool):
    """Uses no connection again that has idled for a while: a server closes such (five seconds are usual), and a request that
    meets the closing gets no answer without anybody being to blame.
    """

    def __init__(self, *arguments: Any, **keywords: Any) -> None:  # noqa: ANN401 - as the pool has them
        super().__init__(*arguments, **keywords)
        self._idle_since: dict[int, float] = {}

    def return_socket(self, sock: socket) -> None:
        self._idle_since[sock.fileno()] = time.monotonic()
        super().return_socket(sock)

    def _is_socket_alive(self, sock: socket | None) -> bool:
        if sock is None or time.monotonic() - self._idle_since.pop(sock.fileno(), 0.0) > LONGEST_IDLE:
            return False
        return super()._is_socket_alive(sock)

    def after_connect(self, sock: socket) -> None:
        sock.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)


class _Pool(_Young):
    pass


class _SecurePool(_Young, SSLConnectionPool):
    pass


class Client:
    """Requests to one origin. Nothing is repeated: a request without an answer may have been carried out."""

    def __init__(self, origin: str, *, verify: bool | str = True, timeout: float = 30.0) -> None:
        split = urlsplit(origin)
        self._host = split.netloc
        host, secure = split.hostname or "", split.scheme == "https"
        port = split.port or (443 if secure else 80)
        self._pool = (_SecurePool if secure else _Pool)(
            host, port, host, port, size=CONNECTIONS, connection_timeout=min(timeout, 10.0), network_timeout=timeout
        )
        if isinstance(self._pool, SSLConnectionPool):
            self._pool.ssl_context = _context(verify)
        self._prefix = split.path.rstrip("/")

    def exchange(self, method: str, target: str, authorization: str, body: bytes | None = None) -> Response:
        """One request. Raises NoAnswerError."""
        head = f"{method} {self._prefix}{target} HTTP/1.1\r\nHost: {self._host}\r\nAuthorization: {authorization}\r\n"
        if body is None:
            raw = f"{head}Accept: application/json\r\n\r\n".encode("latin-1")
        else:
            length = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            raw = f"{head}{length}".encode("latin-1") + body
        return self._answer(method, self._send(raw))

    def _send(self, raw: bytes) -> socket:
        try:
            sock = self._pool.get_socket()
        except OSError as error:
            raise NoAnswerError(f"no connection: {error}", refused=True) from None
        try:
            sock.sendall(raw)
        except BaseException as error:
            self._pool.release_socket(sock)
            if isinstance(error, OSError):
                raise NoAnswerError(f"the connection broke while asking: {error}") from None
            raise
        return sock

    def _answer(self, method: str, sock: socket) -> Response:
        try:
            response = HTTPSocketPoolResponse(sock, self._pool, block_size=BLOCK, method=method)
            body = response.read()
        except TimeoutError:
            raise NoAnswerError("no answer in time") from None
        except Exception as error:  # noqa: BLE001 - sockets, TLS and the parser each raise their own
            raise NoAnswerError(f"no usable answer: {type(error).__name__}: {error}") from None
        retry_after = response.get("retry-after")
        return Response(response.get_code(), body, retry_after if isinstance(retry_after, str) else None)

    def close(self) -> None:
        self._pool.close()


def _context(verify: bool | str) -> gevent.ssl.SSLContext:  # noqa: FBT001 - as Address.verify gives it
    context = gevent.ssl.create_default_context(cafile=verify if isinstance(verify, str) else None)
    if verify is False:
        context.check_hostname = False
        context.verify_mode = gevent.ssl.CERT_NONE
    return context
