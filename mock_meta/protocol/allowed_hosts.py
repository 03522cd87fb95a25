"""Where the mock may call: this machine, and hosts that were named."""

import ipaddress
from urllib.parse import urlsplit


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


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
