"""Servers that misbehave on purpose, on raw sockets: what HTTP libraries would not let a server do."""

from __future__ import annotations

import re
import socket
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextmanager
def raw_server(answer: Callable[[socket.socket, bytes], None]) -> Iterator[str]:
    """An HTTP server that reads a whole request and lets `answer` write; its URL."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.1)
    stop = threading.Event()

    def serve() -> None:
        while not stop.is_set():
            with suppress(TimeoutError):
                connection, _ = listener.accept()
                threading.Thread(target=handle, args=(connection,), daemon=True).start()

    def handle(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.settimeout(5)
            answer(connection, read_request(connection))

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        stop.set()
        thread.join()
        listener.close()


def read_request(connection: socket.socket) -> bytes:
    """Head and body, by Content-Length."""
    request = b""
    while b"\r\n\r\n" not in request or len(request.partition(b"\r\n\r\n")[2]) < announced(request):
        chunk = connection.recv(65536)
        if not chunk:
            break
        request += chunk
    return request


def announced(request: bytes) -> int:
    found = re.search(rb"(?i)content-length: *(\d+)", request)
    return int(found[1]) if found else 0


def fixed(status: str, body: bytes, **headers: str) -> Callable[[socket.socket, bytes], None]:
    """Always this answer. Header names are written with underscores."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    head = "\r\n".join(lines).encode() + b"\r\n\r\n"
    return lambda connection, _request: connection.sendall(head + body)


def huge(connection: socket.socket, _request: bytes) -> None:
    """Fifty mebibytes of JSON string."""
    connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 52428800\r\n\r\n"')
    for _ in range(50):
        connection.sendall(b"x" * 2**20)


def endless(connection: socket.socket, _request: bytes) -> None:
    """Chunks for ever (until the client hangs up)."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
    for _ in range(2000):
        connection.sendall(b"1\r\n \r\n")
        threading.Event().wait(0.01)


def too_short(connection: socket.socket, _request: bytes) -> None:
    """Announces 1,000 bytes and gives nine."""
    connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"data":1')


def cut(connection: socket.socket, _request: bytes) -> None:
    """Hangs up without a word."""
    connection.close()
