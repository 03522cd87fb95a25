"""The receiver's certificate is for every name that it is reached by, and a wrong one is named before the run."""

from __future__ import annotations

import socket
import ssl
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from conformance.runner.process import StackError
from conformance.runner.stack import Stack
from conformance.target.target import Receiver
from conformance.webhooks.certificate import authority, mismatch, server_context

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def listening(context: ssl.SSLContext, host: str = "127.0.0.1") -> Iterator[int]:
    """The port of a TLS server for one connection."""
    with socket.create_server((host, 0)) as server:

        def answer() -> None:
            with server.accept()[0] as connection:
                try:
                    context.wrap_socket(connection, server_side=True).close()
                except OSError:
                    return

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        thread.join(5)


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "::1", "203.0.113.10", "hooks.example.test"])
def test_the_receiver_answers_for_every_name_it_is_reached_by(tmp_path: Path, name: str) -> None:
    how = Receiver(host="127.0.0.1", origin="https://hooks.example.test", ca=str(tmp_path / "ca.pem"))
    context = server_context(tmp_path / "ca.pem", "203.0.113.10", "hooks.example.test")
    client = ssl.create_default_context(cafile=how.ca)
    with listening(context) as port, socket.create_connection(("127.0.0.1", port)) as connection:
        client.wrap_socket(connection, server_hostname=name).close()


def test_the_address_that_the_receiver_listens_on_is_among_its_names(tmp_path: Path) -> None:
    ca = tmp_path / "ca.pem"
    with Stack(seed=1) as stack:
        stack.start_receiver(Receiver(host="127.0.0.2", ca=str(ca)))
        assert stack.receiver is not None
        assert stack.receiver["origin"].startswith("https://127.0.0.2:")
        assert not mismatch(stack.receiver["origin"], ca)


def test_a_certificate_for_another_host_is_named_before_the_run(tmp_path: Path) -> None:
    ca = tmp_path / "ca.pem"
    authority(ca)
    with listening(server_context(ca), "127.0.0.3") as port, Stack(seed=1) as stack:
        how = Receiver(origin=f"https://127.0.0.3:{port}", ca=str(ca))
        with pytest.raises(StackError, match=r"is not for 127\.0\.0\.3.*\n.*receiver\.origin"):
            stack.start_receiver(how)


def test_nothing_is_said_of_an_origin_that_does_not_answer_here(tmp_path: Path) -> None:
    authority(tmp_path / "ca.pem")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert not mismatch(f"https://127.0.0.1:{port}", tmp_path / "ca.pem")


def test_the_authority_is_kept_and_its_key_is_the_owners_alone(tmp_path: Path) -> None:
    ca = tmp_path / "ca.pem"
    first = authority(ca).cert_pem.bytes()
    assert authority(ca).cert_pem.bytes() == first == ca.read_bytes()
    assert (tmp_path / "ca.pem.key").stat().st_mode & 0o777 == 0o600
