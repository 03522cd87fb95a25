"""Media given by link: fetched as Meta does, but only from this machine and from hosts that were named (fact sheet 4.4, 17).

For any other host nothing leaves, and the link counts as good.
"""

import asyncio
import math
import ssl
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import urljoin, urlsplit

import aiohttp

from mock_meta.business.media import MOST_BYTES
from mock_meta.business.media_inspection import HEAD, trouble
from mock_meta.protocol.allowed_hosts import refusal
from mock_meta.protocol.meta_hosts import SAMPLES

_CACHED = 600.0
_REDIRECTS = range(300, 400)
_MOST_HOPS = 5
_CHUNK = 65536
_OK = 200


@dataclass(frozen=True, slots=True)
class Link:
    """A file to fetch: ``kind`` is the member that holds it (image, video, audio, document, sticker)."""

    kind: str
    url: str


def links_in(kind: str, payload: Any) -> Iterator[Link]:  # noqa: ANN401  # a checked message's JSON
    """The links of a message's payload: its own, its header's, its template's, its cards'."""
    return (Link(name, str(file["link"])) for name, file in files_in(kind, payload) if file.get("link"))


def files_in(kind: str, payload: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:  # noqa: ANN401  # the same
    """The media objects of a message's payload, each with the member that holds it: ``id`` or ``link`` is set."""
    waiting = [(kind, payload)]  # no recursion: what a flow is handed may be nested as deeply as JSON can be
    while waiting:
        name, value = waiting.pop()
        if isinstance(value, list):
            waiting += [("", one) for one in reversed(value)]
        elif isinstance(value, Mapping):
            if name in MOST_BYTES and (value.get("link") or value.get("id")):
                yield name, value
            else:
                waiting += reversed(list(value.items()))


@dataclass(slots=True)
class _Known:
    """What a fetch found. Whoever asks while it runs waits for it."""

    at: float = -math.inf
    told: str | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


def is_sample(link: object) -> bool:
    """Whether a link is a template's own sample as listings give it, which nobody can fetch (fact sheet 6)."""
    return isinstance(link, str) and urlsplit(link).hostname == SAMPLES


class LinkChecker:
    """Fetches links, and remembers each for ten minutes as Meta does. ``timeout`` in seconds."""

    def __init__(self, allowed_hosts: frozenset[str], timeout: float, ca_file: str | None = None) -> None:
        self._allowed_hosts = allowed_hosts
        self._timeout = aiohttp.ClientTimeout(total=timeout)
        self._ca_file = ca_file
        self._known: dict[Link, _Known] = {}

    def clear(self) -> None:
        self._known.clear()

    def may_fetch(self, link: Link) -> bool:
        return refusal(link.url, self._allowed_hosts) is None

    async def trouble(self, link: Link) -> str | None:
        """What 131053 says about the file, or None for a good one."""
        known = self._known.setdefault(link, _Known())
        async with known.lock:
            if time.monotonic() - known.at > _CACHED:
                known.told = await self._fetch(link)
                known.at = time.monotonic()
        return known.told

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        """Made once, and only when it is needed: reading the authorities takes 30 ms, in which nothing else happens."""
        return ssl.create_default_context(cafile=self._ca_file)

    async def _fetch(self, link: Link) -> str | None:
        connector = aiohttp.TCPConnector(ssl=self._tls)
        try:
            async with aiohttp.ClientSession(connector=connector, timeout=self._timeout) as session:
                return await self._follow(session, link)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as problem:
            return f"Downloading media from weblink failed: {type(problem).__name__}"

    async def _follow(self, session: aiohttp.ClientSession, link: Link) -> str | None:
        """Redirects are followed to where the mock may go, and taken for good beyond."""
        for _ in range(_MOST_HOPS):
            async with session.get(link.url, allow_redirects=False) as answer:
                if answer.status not in _REDIRECTS or "location" not in answer.headers:
                    return await _judge(link.kind, answer)
                link = Link(link.kind, urljoin(link.url, answer.headers["location"]))
            if not self.may_fetch(link):
                return None
        return "Downloading media from weblink failed: too many redirects"


def not_fetched(status: int, reason: str | None) -> str:
    return f"Downloading media from weblink failed with http code {status}, status message {reason}"


async def _judge(kind: str, answer: aiohttp.ClientResponse) -> str | None:
    if answer.status != _OK:
        return not_fetched(answer.status, answer.reason)
    head, size = b"", 0
    async for chunk in answer.content.iter_chunked(_CHUNK):
        head += chunk[: HEAD - len(head)]
        size += len(chunk)
        if size > MOST_BYTES[kind]:
            break
    return trouble(kind, answer.content_type, head, size)
