"""Where the mock may call, and under which names it is asked: this machine, and hosts that were named."""

import ipaddress
from urllib.parse import urlsplit

from mock_meta.protocol.meta_hosts import META_HOSTS

_NOBODYS = (".localhost", ".test", ".internal")
"""Ends of names that nobody can own in public (RFC 6761; ICANN on .internal, July 2024)."""


def refusal(url: str, allowed_hosts: frozenset[str]) -> str | None:
    """Why the mock must not call the URL; None when it may."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
        _ = parts.port
    except ValueError:
        return f"{url!r} is not a URL"
    if parts.scheme not in {"http", "https"} or not host:
        return f"{url!r} is not an absolute http or https URL"
    if host == "localhost" or host in allowed_hosts or _loopback(host):
        return None
    return f"host {host!r} is not on this machine; start with --allow-host {host} to allow it"


def is_own_name(host: str, allowed_hosts: frozenset[str]) -> bool:
    """Whether a ``Host`` header can be this mock's own: an address, a name without a domain, Meta's, or one that was named."""
    try:
        name = (urlsplit(f"//{host}").hostname or "").removesuffix(".")
    except ValueError:
        return False
    if "." not in name or name in META_HOSTS or name in allowed_hosts or name.endswith(_NOBODYS):
        return bool(name)
    return _is_address(name)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
