"""Carries TCP connections between two addresses, one of which may be a Unix socket's path.

A Unix socket in the file system is reached from every network namespace, so two relays lead from one to another:
`python -m harness.pointing.relay 127.0.0.1:5432 /path/db.sock` inside, `… /path/db.sock 127.0.0.1:5432` outside.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from urllib.parse import urlsplit

from service.listening import announce

MAX_CONNECTIONS = 256
_CHUNK = 65536


def endpoint(text: str) -> tuple[str, int]:
    """Host and port of `127.0.0.1:5432` or `[::1]:5432`. Raises `ValueError`."""
    address = urlsplit(f"//{text}")
    if not address.hostname or not address.port or text != address.netloc:
        raise ValueError(f"{text!r} is no address such as 127.0.0.1:5432")
    return address.hostname, address.port


class Relay:
    """From `listen` to `connect`; at most `MAX_CONNECTIONS` at once, further ones are closed at once."""

    def __init__(self, listen: str, connect: str) -> None:
        self.listen, self.connect = listen, connect
        self._open = 0

    async def start(self) -> asyncio.Server:
        if "/" in self.listen:
            return await asyncio.start_unix_server(self._accepted, self.listen)
        return await asyncio.start_server(self._accepted, *endpoint(self.listen))

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open += 1
        try:
            if self._open <= MAX_CONNECTIONS:
                await self._carry(reader, writer)
        except* OSError:
            pass  # one of the two is gone, or nothing listens there: closing says so to the other
        finally:
            self._open -= 1
            writer.close()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await self._reached()
        try:
            async with asyncio.TaskGroup() as directions:
                directions.create_task(_pump(reader, far_writer))
                directions.create_task(_pump(far_reader, writer))
        finally:
            far_writer.close()

    async def _reached(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if "/" in self.connect:
            return await asyncio.open_unix_connection(self.connect)
        return await asyncio.open_connection(*endpoint(self.connect))


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One direction, until its end; the other may go on."""
    while data := await reader.read(_CHUNK):
        writer.write(data)
        await writer.drain()
    writer.write_eof()


async def _serve(listen: str, connect: str) -> None:
    server = await Relay(listen, connect).start()
    announce(listen=listen)
    await asyncio.to_thread(sys.stdin.read)
    server.close()  # and no wait for connections under way


def main() -> None:
    """Relay until standard input ends."""
    parser = argparse.ArgumentParser(prog="python -m harness.pointing.relay", description=__doc__)
    parser.add_argument("listen")
    parser.add_argument("connect")
    parser.add_argument("--exit-with-stdin", action="store_true", help="as it always does")
    given = parser.parse_args()
    try:
        asyncio.run(_serve(given.listen, given.connect))
    except OSError as error:
        sys.exit(f"cannot listen on {given.listen}: {error.strerror or error}")


if __name__ == "__main__":
    main()
