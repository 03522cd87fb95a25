"""HOOK-04: targets that no delivery may reach; no fault contacts anything that is not on this machine."""

import ipaddress
import socket
from collections.abc import Callable

import httpx

from reference.wacrm.assembly import Wacrm
from reference.wacrm.faults.hook.patches import loopback
from reference.wacrm.faults.registry import Fault, fault
from reference.wacrm.patching.patches import patch
from reference.wacrm.patching.steps import under_way, wrap
from reference.wacrm.protocol.envelope import ApiError
from reference.wacrm.webhooks.allowed_targets import Address, RefusedTargetError, embedded, literal


@patch
def _reach_loopback(wacrm: Wacrm, overlooked: Callable[[httpx.URL], bool]) -> None:
    """Targets of one spelling are taken for public; none but this machine itself is reached for it."""
    check, resolve = wacrm.targets.check, wacrm.targets.resolve

    def passed(text: str) -> str:
        try:
            return check(text)
        except ApiError:
            url = wacrm.targets.parse(text)
            if url.scheme == "https" and not url.userinfo and overlooked(url):
                return text
            raise

    async def resolved(url: httpx.URL) -> str:
        try:
            return await resolve(url)
        except RefusedTargetError:
            address = loopback(url.host)
            if address is None or not overlooked(url):
                raise
            return address

    wrap(wacrm.targets, "check", passed)
    wrap(wacrm.targets, "resolve", resolved)


_LOOPBACK = "127.0.0.1"


@patch
def _reach(wacrm: Wacrm, overlooked: Callable[[str, Address | None], bool]) -> None:
    """Hosts for which `overlooked(name, address)` holds are taken for public; `address` is None for names."""
    check, resolve = wacrm.targets.check, wacrm.targets.resolve

    def is_overlooked(url: httpx.URL) -> bool:
        return (
            url.scheme == "https" and not url.userinfo and overlooked(url.host.rstrip(".").lower(), literal(url.host))
        )

    def passed(text: str) -> str:
        try:
            return check(text)
        except ApiError:
            if is_overlooked(wacrm.targets.parse(text)):
                return text
            raise

    async def resolved(url: httpx.URL) -> str:
        try:
            return await resolve(url)
        except RefusedTargetError:
            if is_overlooked(url):
                return here(literal(url.host))
            raise

    wrap(wacrm.targets, "check", passed)
    wrap(wacrm.targets, "resolve", resolved)


def here(address: Address | None) -> str:
    """The address if it is one of this machine's, else loopback, as if this machine were the one that was meant."""
    inner = address and (embedded(address) or address)
    if inner is None:
        return _LOOPBACK
    family = socket.AF_INET if inner.version == 4 else socket.AF_INET6  # noqa: PLR2004 - the protocol's number
    with socket.socket(family, socket.SOCK_DGRAM) as trial:
        try:
            trial.bind((str(inner), 0))
        except OSError:
            return _LOOPBACK
    return str(inner)


def _within(*networks: str) -> Callable[[str, Address | None], bool]:
    known = [ipaddress.ip_network(network) for network in networks]
    return lambda _name, address: address is not None and any(address in network for network in known)


ROWS = (
    Fault("HOOK-04", "private-networks-are-taken-for-public",
          _reach(_within("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")),
          "only loopback is thought of: the rest of the network is somebody's server"),
    Fault("HOOK-04", "end-of-172-is-taken-for-public",
          _reach(_within("172.17.0.0/16", "172.18.0.0/15", "172.20.0.0/14", "172.24.0.0/13")),
          "172.16/12 is taken for 172.16/16"),
    Fault("HOOK-04", "link-local-is-taken-for-public", _reach(_within("169.254.0.0/16")),
          "the list is RFC 1918's, which has no link-local addresses, where clouds keep their metadata"),
    Fault("HOOK-04", "unique-local-addresses-are-taken-for-public", _reach(_within("fc00::/7")),
          "the private ranges of IPv6 are not known"),
    Fault("HOOK-04", "inner-names-are-taken-for-public", _reach(lambda name, _address: name.endswith((".internal", ".local"))),
          "names of internal networks (.internal, .local) are not refused"),
    Fault("HOOK-04", "localhost-is-taken-for-public", _reach_loopback(lambda url: url.host.rstrip(".").lower() == "localhost"),
          "addresses are checked, and names are not: localhost is a name"),
    Fault("HOOK-04", "ipv6-loopback-is-taken-for-public", _reach_loopback(lambda url: ":" in url.host),
          "the list of private addresses is of IPv4: ::1 and mapped addresses pass"),
    Fault("HOOK-04", "odd-spellings-of-loopback-are-taken-for-public",
          _reach_loopback(lambda url: url.host != "127.0.0.1" and literal(url.host) is not None and ":" not in url.host),
          "private addresses are recognised by their beginning, 127.0.0.1 by its text"),
    Fault("HOOK-04", "loopback-is-taken-for-public", _reach_loopback(lambda url: url.host == "127.0.0.1"),
          "loopback is not among the private ranges"),
)  # fmt: skip


@fault("HOOK-04", "a target is checked when an endpoint is registered, and not when it is changed")
def changed_url_is_not_checked(wacrm: Wacrm) -> None:
    changing = under_way(wacrm.endpoints, "update")
    check, resolve = wacrm.targets.check, wacrm.targets.resolve
    unchecked: set[str] = set()

    def taken(text: str) -> str:
        try:
            return check(text)
        except ApiError:
            url = wacrm.targets.parse(text)
            if not changing() or url.scheme != "https" or loopback(url.host) is None:
                raise
            unchecked.add(url.host)
            return text

    async def resolved(url: httpx.URL) -> str:
        try:
            return await resolve(url)
        except RefusedTargetError:
            address = loopback(url.host)
            if address is None or url.host not in unchecked:
                raise
            return address

    wrap(wacrm.targets, "check", taken)
    wrap(wacrm.targets, "resolve", resolved)
