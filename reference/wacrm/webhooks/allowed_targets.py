"""Which addresses an account's webhook may reach (HOOK-04)."""

import asyncio
import ipaddress
import socket

import httpx

from reference.wacrm.protocol.envelope import bad_request
from reference.wacrm.protocol.uris import is_web_address

_HTTPS = 443
_INNER_NAMES = ("localhost", "local", "internal", "localdomain")
_EMBEDDING_IPV4 = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("::/96"))

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class RefusedTargetError(Exception):
    """A target that must not be contacted."""


def origin(url: httpx.URL) -> str:
    """Scheme, host and port, in the one spelling in which origins are compared."""
    host = f"[{url.host}]" if ":" in url.host else url.host.rstrip(".").lower()
    return f"{url.scheme}://{host}:{url.port or _HTTPS}"


class Targets:
    """`allow` are exact origins that are trusted as they are; `only_allowed` leaves no others."""

    def __init__(self, allow: frozenset[str], *, only_allowed: bool) -> None:
        self._allow = frozenset(origin(httpx.URL(text)) for text in allow)
        self._only_allowed = only_allowed

    def check(self, text: str) -> str:
        """The URL of a registration.

        Raises:
            ApiError: 400 for what is not https, and for what can be seen to lie inside without asking a name server.

        """
        if not is_web_address(text):
            raise bad_request("url must be an absolute https URL.")
        url = self.parse(text)
        if url.scheme != "https" or not url.host or url.userinfo:
            raise bad_request("url must be an absolute https URL without credentials.")
        if not self.allowed(url) and self.is_inner(url.host):
            raise bad_request("url must not point to a private or local address.")
        return text

    def parse(self, text: str) -> httpx.URL:
        try:
            return httpx.URL(text)
        except (httpx.InvalidURL, ValueError):
            raise bad_request("url must be an absolute https URL.") from None

    def allowed(self, url: httpx.URL) -> bool:
        return origin(url) in self._allow

    def is_inner(self, host: str) -> bool:
        name = host.rstrip(".").lower()
        if name.rpartition(".")[2] in _INNER_NAMES:
            return True
        address = literal(name)
        return address is not None and not self.is_public(address)

    def is_public(self, address: Address) -> bool:
        inner = embedded(address)
        if inner is not None:
            return self.is_public(inner)
        return address.is_global and not address.is_multicast

    async def resolve(self, url: httpx.URL) -> str:
        """The address to connect to: the checked one, so that a name cannot change its meaning in between.

        Raises:
            RefusedTargetError: before any connection, and before any look-up when only allowed origins are served.
            OSError: the name has no address.

        """
        if self.allowed(url):
            return (await self.look_up(url))[0]
        if self._only_allowed:
            raise RefusedTargetError("not on the list of allowed origins")
        addresses = await self.look_up(url)
        if not all(self.is_public(ipaddress.ip_address(address)) for address in addresses):
            raise RefusedTargetError("resolves to a private or local address")
        return addresses[0]

    async def look_up(self, url: httpx.URL) -> list[str]:
        found = await asyncio.get_running_loop().getaddrinfo(url.host, url.port or _HTTPS, type=socket.SOCK_STREAM)
        return [str(entry[4][0]).partition("%")[0] for entry in found]


def literal(host: str) -> Address | None:
    """The address that a host spells out, the historic spellings (`127.1`, `0x7f000001`) included; None for names."""
    try:
        return ipaddress.ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host))
    except (OSError, UnicodeEncodeError):
        return None


def embedded(address: Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that an IPv6 address leads to (mapped, 6to4, Teredo, NAT64, compatible)."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address.teredo is not None:
        return address.teredo[1]
    if any(address in network for network in _EMBEDDING_IPV4) and int(address) > 1:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour
