"""Where a server process listens, and how it says so."""

import json
import os
import socket

BACKLOG = 4096
_LAST_PORT = 65535


class CannotListenError(Exception):
    """The address is taken, or is none of this machine's; the message is one sentence for whoever chose it."""


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one.

    Raises:
        CannotListenError: when the port is taken or is no port, or the host is not this machine's.

    """
    if not 0 <= port <= _LAST_PORT:
        raise CannotListenError(f"cannot listen on {host}:{port}: ports are numbers from 0 to {_LAST_PORT}")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as problem:
        reason = str(problem.strerror).partition(" (while ")[0]  # what follows repeats the address
        raise CannotListenError(f"cannot listen on {host}:{port}: {reason}") from None
    # inherited by what it accepts; without it an answer's body waits 40 ms for the acknowledgement of its head
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    listener.setblocking(False)  # noqa: FBT003 - the socket's own signature
    return listener


def url_of(listener: socket.socket, scheme: str = "http", host: str | None = None) -> str:
    """The URL of a listening socket, under another name of this machine if `host` is given."""
    address, port = listener.getsockname()[:2]
    name = host or address
    return f"{scheme}://[{name}]:{port}" if ":" in name else f"{scheme}://{name}:{port}"


def announcement(**addresses: object) -> str:
    """One JSON line with the addresses and this process's id."""
    return json.dumps({**addresses, "pid": os.getpid()})


def announce(**addresses: object) -> None:
    """Print the announcement: whoever started the process waits for this line."""
    print(announcement(**addresses), flush=True)  # noqa: T201 - the interface
