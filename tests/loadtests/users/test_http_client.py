"""The client over real sockets: connections are used again while they are young, and nothing is asked twice."""

from __future__ import annotations

import socket
import ssl
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
import trustme

from loadtests.users import http_client as module
from loadtests.users.http_client import Client, NoAnswerError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nRetry-After: 7\r\n\r\n{}"


class Server:
    """Answers every request with the same bytes; without any, it closes the connection instead."""

    def __init__(self, answer: bytes, context: ssl.SSLContext | None = None) -> None:
        self.answer, self._context = answer, context
        self.connections: list[socket.socket] = []
        self.requests: list[bytes] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/base"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            if self._context is not None:
                try:
                    connection = self._context.wrap_socket(connection, server_side=True)
                except OSError:
                    continue
            self.connections.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        while data := _received(connection):
            self.requests.append(data)
            if not self.answer:
                break
            connection.sendall(self.answer)
        connection.close()

    def close(self) -> None:
        self._listener.close()
        for connection in self.connections:
            connection.close()


def _received(connection: socket.socket) -> bytes:
    try:
        return connection.recv(65536)
    except OSError:
        return b""


@contextmanager
def served(answer: bytes) -> Iterator[tuple[Server, Client]]:
    server = Server(answer)
    client = Client(server.url, timeout=5.0)
    try:
        yield server, client
    finally:
        client.close()
        server.close()


def test_a_request_is_written_whole_and_its_answer_read() -> None:
    with served(ANSWER) as (server, client):
        response = client.exchange("POST", "/messages?x=1", "Bearer k", b'{"to": 1}')
    assert (response.status, response.body, response.retry_after) == (200, b"{}", "7")
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /base/messages?x=1 HTTP/1.1\r\nHost: 127.0.0.1:")
    assert b"\r\nAuthorization: Bearer k\r\n" in head
    assert head.endswith(b"Content-Length: 9")
    assert body == b'{"to": 1}'


def test_a_young_connection_is_used_again_and_an_old_one_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    with served(ANSWER) as (server, client):
        client.exchange("GET", "/me", "Bearer k")
        client.exchange("GET", "/me", "Bearer k")
        assert len(server.connections) == 1
        monkeypatch.setattr(module, "LONGEST_IDLE", 0.0)
        client.exchange("GET", "/me", "Bearer k")
        assert len(server.connections) == 2


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_was_not_answered_is_not_asked_again(method: str) -> None:
    with served(b"") as (server, client):
        with pytest.raises(NoAnswerError, match="no usable answer") as caught:
            client.exchange(method, "/messages", "Bearer k", b"{}" if method == "POST" else None)
        assert not caught.value.refused
        assert len(server.requests) == 1


def test_nobody_to_connect_to_is_told_apart() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    client = Client(url, timeout=5.0)
    with pytest.raises(NoAnswerError, match="no connection") as caught:
        client.exchange("GET", "/me", "Bearer k")
    assert caught.value.refused


def test_an_answer_that_is_no_http_is_no_answer() -> None:
    with served(b"garbage\r\n\r\n") as (_, client), pytest.raises(NoAnswerError, match="no usable answer"):
        client.exchange("GET", "/me", "Bearer k")


def test_a_private_authority_is_trusted_when_it_is_named(tmp_path: Path) -> None:
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    server = Server(ANSWER, context)
    url = server.url.replace("http://", "https://")
    for verify, trusted in ((str(tmp_path / "ca.pem"), True), (False, True), (True, False)):
        client = Client(url, verify=verify, timeout=5.0)
        if trusted:
            assert client.exchange("GET", "/me", "Bearer k").status == 200
        else:
            with pytest.raises(NoAnswerError, match="CERTIFICATE_VERIFY_FAILED"):
                client.exchange("GET", "/me", "Bearer k")
        client.close()
    server.close()
