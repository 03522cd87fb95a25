"""Whether an origin lies where deployments rightly refuse to deliver to."""

from __future__ import annotations

import socket
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

NETWORKS = [
    ip_network(text)
    for text in ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10",
                 "0.0.0.0/8", "::1/128", "fc00::/7", "fe80::/10")
]  # fmt: skip
"""Loopback, private, link-local, shared (RFC 1122, 1918, 3927, 6598, 4193). Not TEST-NET-3, which `--netns` uses."""


def addresses(origin: str) -> list[str]:
    """What this machine's resolver makes of the origin's host; empty when the name does not resolve."""
    try:
        found = socket.getaddrinfo(urlsplit(origin).hostname, None, type=socket.SOCK_STREAM)
    except OSError:
        return []
    return [str(entry[4][0]) for entry in found]


def is_internal(origin: str) -> bool:
    return any(ip_address(one.partition("%")[0]) in network for one in addresses(origin) for network in NETWORKS)
