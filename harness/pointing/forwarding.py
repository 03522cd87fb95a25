"""Ports of this machine, inside a network namespace: a database that listens on the host's loopback."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from conformance.runner.process import Process, StackError
from harness.pointing.errors import PointingError
from harness.pointing.relay import endpoint

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import ExitStack
    from pathlib import Path

_PATIENCE = 5.0


def forward(address: str, folder: Path, enter: Sequence[str], running: ExitStack) -> None:
    """Lead the namespace's loopback port to `address` outside, through a Unix socket in `folder`. Raises `PointingError`."""
    _answers(address)
    _, port = endpoint(address)
    path = str(folder / f"{port}.sock")
    _relay(path, address, (), running)
    _relay(f"127.0.0.1:{port}", path, enter, running)


def _answers(address: str) -> None:
    try:
        socket.create_connection(endpoint(address), _PATIENCE).close()
    except OSError as error:
        raise PointingError(
            f"--forward {address}: nothing answers there ({error.strerror or error}). Start it first, or correct the address."
        ) from None


def _relay(listen: str, connect: str, prefix: Sequence[str], running: ExitStack) -> None:
    try:
        process = Process("harness.pointing.relay", listen, connect, prefix=prefix)
    except StackError as error:
        raise PointingError(f"--forward: {error}") from None
    running.callback(process.stop)
