"""HOOK: private networks that are taken for public. No fault contacts anything that is not on this machine."""

import ipaddress
import socket
from collections.abc import Callable

import httpx

from reference.wacrm.assembly import Wacrm
from reference.wacrm.faults.registry import fault
from reference.wacrm.faults.steps import patch
from reference.wacrm.protocol.envelope import ApiError
from reference.wacrm.webhooks.allowed_targets import Address, RefusedTargetError, embedded, literal

_LOOPBACK = "127.0.0.1"


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

    patch(wacrm.targets, "check", passed)
    patch(wacrm.targets, "resolve", resolved)


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


@fault("HOOK-04", "only loopback is thought of: the rest of the network is somebody's server")
def private_networks_are_taken_for_public(wacrm: Wacrm) -> None:
    _reach(wacrm, _within("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"))


@fault("HOOK-04", "172.16/12 is taken for 172.16/16")
def end_of_172_is_taken_for_public(wacrm: Wacrm) -> None:
    _reach(wacrm, _within("172.17.0.0/16", "172.18.0.0/15", "172.20.0.0/14", "172.24.0.0/13"))


@fault("HOOK-04", "the list is RFC 1918's, which has no link-local addresses, where clouds keep their metadata")
def link_local_is_taken_for_public(wacrm: Wacrm) -> None:
    _reach(wacrm, _within("169.254.0.0/16"))


@fault("HOOK-04", "the private ranges of IPv6 are not known")
def unique_local_addresses_are_taken_for_public(wacrm: Wacrm) -> None:
    _reach(wacrm, _within("fc00::/7"))


@fault("HOOK-04", "a name is not an address: an inner network's names pass")
def inner_names_are_taken_for_public(wacrm: Wacrm) -> None:
    _reach(wacrm, lambda name, _address: name.endswith((".internal", ".local")))
