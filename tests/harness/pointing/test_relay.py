"""The relay: both directions, to their ends; a far side that is gone; addresses."""

from __future__ import annotations

import socket
import threading
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from conformance.runner.process import Process, StackError
from harness.pointing.relay import endpoint

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PATIENCE = 20.0


@pytest.fixture
def echo() -> Iterator[str]:
    """The address of a server that reads to the end, then sends all of it back."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.settimeout(PATIENCE)
                heard = b""
                while more := connection.recv(65536):
                    heard += more
                connection.sendall(heard)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"127.0.0.1:{server.getsockname()[1]}"
        thread.join(PATIENCE)


def asked(path: Path, content: bytes) -> bytes:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(PATIENCE)
        connection.connect(str(path))

        def send() -> None:
            connection.sendall(content)
            connection.shutdown(socket.SHUT_WR)

        threading.Thread(target=send).start()
        heard = b""
        while more := connection.recv(65536):
            heard += more
    return heard


def test_all_bytes_arrive_after_the_sender_has_ended(tmp_path: Path, echo: str) -> None:
    path = tmp_path / "db.sock"
    relay = Process("harness.pointing.relay", str(path), echo)
    try:
        content = bytes(range(256)) * 8192
        assert asked(path, content) == content
    finally:
        relay.stop()


def test_a_far_side_that_does_not_listen_closes_the_connection_and_not_the_relay(tmp_path: Path) -> None:
    path = tmp_path / "db.sock"
    relay = Process("harness.pointing.relay", str(path), str(tmp_path / "nobody.sock"))
    try:
        for _ in range(2):
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(PATIENCE)
                connection.connect(str(path))
                assert connection.recv(1) == b""
        assert relay.ended is None
    finally:
        relay.stop()


def test_a_port_in_use_is_said(echo: str, tmp_path: Path) -> None:
    with pytest.raises(StackError, match=f"cannot listen on {echo}"):
        Process("harness.pointing.relay", echo, str(tmp_path / "db.sock"))
    socket.create_connection(endpoint(echo)).close()


@pytest.mark.parametrize(
    ("text", "expected"),
    [("127.0.0.1:5432", ("127.0.0.1", 5432)), ("[::1]:80", ("::1", 80)), ("db.test:1", ("db.test", 1))],
)
def test_an_address_is_host_and_port(text: str, expected: tuple[str, int]) -> None:
    assert endpoint(text) == expected


@pytest.mark.parametrize(
    "text", ["5432", "127.0.0.1", ":5432", "127.0.0.1:0", "127.0.0.1:99999", "a:1/b", "http://a:1"]
)
def test_anything_else_is_no_address(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        endpoint(text)
