"""Many requests released together: each waits on a connection of its own, complete but for its last byte.

Threads that share an interpreter start requests a millisecond apart, which is as long as a request takes; here they are
microseconds apart. A part of the probe's seam: what leaves is guarded, counted and recorded as there.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx

from conformance.target.exchange import Exchange
from conformance.target.verdicts import NoAnswerError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.target.keys import Key
    from conformance.target.probe import Probe

CONNECTING = 16
"""Connections that are opened at a time; a burst of SYNs would test the listen queue, not the limiter."""


def burst(probe: Probe, path: str, key: Key, count: int) -> list[Exchange]:
    """`count` times `GET path` at the same moment. Raises `NoAnswerError` when not every request was answered.

    Reads only: a request that may send a message does not leave this way.
    """
    url = probe.base_url + path
    with ExitStack() as stack:
        connections = _open(probe, url, count, stack)
        request = _get(url, key)
        for connection in connections:
            connection.sendall(request[:-1])
        sent = []
        for connection in connections:
            sent.append(time.monotonic())
            connection.sendall(request[-1:])
        exchanges = [_answer(c, url, key, at) for c, at in zip(connections, sent, strict=True)]
    return probe.recorded(*exchanges)


def _open(probe: Probe, url: str, count: int, stack: ExitStack) -> Sequence[socket.socket]:
    """Connected sockets, all closed with `stack`."""
    split = urlsplit(url)
    address = (split.hostname or "", split.port or (443 if split.scheme == "https" else 80))
    context = _context(probe.verify) if split.scheme == "https" else None

    def one(_: int) -> socket.socket:
        plain = stack.enter_context(socket.create_connection(address, probe.timeout))
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if context is None:
            return plain
        return stack.enter_context(context.wrap_socket(plain, server_hostname=split.hostname))

    try:
        with ThreadPoolExecutor(CONNECTING) as executor:
            return list(executor.map(one, range(count)))
    except OSError as error:
        trouble = f"no {count} connections at once: {error}"
        raise NoAnswerError(_exchange(url, None, time.monotonic(), None, {}, b"", trouble)) from error


def _context(verify: bool | str) -> ssl.SSLContext:  # noqa: FBT001 - as in Probe
    context = ssl.create_default_context(cafile=verify if isinstance(verify, str) else None)
    if verify is False:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _get(url: str, key: Key) -> bytes:
    split = urlsplit(url)
    path = split.path + (f"?{split.query}" if split.query else "")
    lines = [f"GET {path} HTTP/1.1", f"Host: {split.netloc}", f"{key.HEADER}: {key.authorization}"]
    lines += ["Accept: */*", "User-Agent: wacrm-harness", "Connection: close", "", ""]
    return "\r\n".join(lines).encode("latin-1")


def _answer(connection: socket.socket, url: str, key: Key, sent: float) -> Exchange:
    """The answer, read when its turn comes: later ones wait in their sockets."""
    response = http.client.HTTPResponse(connection, method="GET")
    try:
        response.begin()
        content = response.read()
    except (OSError, http.client.HTTPException) as error:
        return _exchange(url, key, sent, None, {}, b"", f"no answer: {type(error).__name__} ({error})")
    finally:
        response.close()
    return _exchange(url, key, sent, response.status, dict(response.getheaders()), content, None)


def _exchange(
    url: str,
    key: Key | None,
    sent: float,
    status: int | None,
    headers: dict[str, str],
    body: bytes,
    trouble: str | None,
) -> Exchange:
    seconds = time.monotonic() - sent
    return Exchange("GET", url, {}, b"", key, status, httpx.Headers(headers), body, sent, seconds, trouble)
