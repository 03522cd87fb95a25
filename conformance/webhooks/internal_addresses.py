"""Ways to write an address that leads back into the machine or its network, as webhook URLs try to (HOOK-04)."""

from __future__ import annotations

import socket

LOOPBACK_HOSTS = {
    "dotted": "127.0.0.1",
    "name": "localhost",
    "name in capitals": "LOCALHOST",
    "name with a dot": "localhost.",
    "name with a domain": "localhost.localdomain",
    "name below localhost": "hooks.localhost",
    "name of IPv6": "ip6-localhost",
    "two parts": "127.1",
    "three parts": "127.0.1",
    "decimal": "2130706433",
    "hexadecimal": "0x7f000001",
    "hexadecimal parts": "0x7f.0x0.0x0.0x1",
    "hexadecimal and decimal": "0x7f.1",
    "octal": "017700000001",
    "octal parts": "0177.0.0.01",
    "with a dot": "127.0.0.1.",
    "another of the network": "127.0.0.2",
    "last of the network": "127.255.255.254",
    "any address": "0.0.0.0",
    "any address, short": "0",
    "IPv6": "[::1]",
    "IPv6 in full": "[0:0:0:0:0:0:0:1]",
    "IPv6 any address": "[::]",
    "IPv4-mapped": "[::ffff:127.0.0.1]",
    "IPv4-mapped, hexadecimal": "[::ffff:7f00:1]",
    "IPv4-mapped any address": "[::ffff:0.0.0.0]",
    "IPv4-compatible": "[::127.0.0.1]",
    "NAT64": "[64:ff9b::7f00:1]",
    "full-width digits": "１２７.０.０.１",  # noqa: RUF001 - the trick
    "ideographic full stops": "127。0。0。1",
    "circled letters": "ⓛocalhost",
    "percent-encoded": "127%2e0%2e0%2e1",
}
"""Hosts that lead to the machine itself, for some resolver or URL parser; none leads to anybody else."""

PRIVATE_HOSTS = {
    "10/8": "10.0.0.1",
    "10/8, octal": "012.0.0.1",
    "172.16/12": "172.16.0.1",
    "172.16/12, its end": "172.31.255.254",
    "192.168/16": "192.168.0.1",
    "192.168/16, IPv4-mapped": "[::ffff:192.168.0.1]",
    "192.168/16, decimal": "3232235521",
    "shared 100.64/10": "100.64.0.1",
    "link-local": "169.254.1.1",
    "metadata": "169.254.169.254",
    "metadata, IPv4-mapped": "[::ffff:169.254.169.254]",
    "metadata, decimal": "2852039166",
    "metadata, hexadecimal": "0xa9fea9fe",
    "metadata, NAT64": "[64:ff9b::a9fe:a9fe]",
    "metadata of containers": "169.254.170.2",
    "metadata in 100.64/10": "100.100.100.200",
    "metadata by name": "metadata.google.internal",
    "metadata by name with a dot": "metadata.google.internal.",
    "IPv6 link-local": "[fe80::1]",
    "IPv6 unique local": "[fd00::1]",
    "IPv6 metadata": "[fd00:ec2::254]",
    "name of the local network": "printer.local",
    "internal name": "database.internal",
}
"""Hosts of somebody's network: only a target's owner may have them tried."""
PRIVATE_ADDRESSES = (
    "10.0.0.1", "172.16.0.1", "172.31.255.254", "192.168.0.1", "100.64.0.1", "100.100.100.200", "169.254.1.1",
    "169.254.169.254", "169.254.170.2", "fd00::1", "fd00:ec2::254",
)  # fmt: skip
"""What those hosts lead to and a machine may have as addresses of its own."""


def loopback_urls() -> dict[str, str]:
    """URLs by spelling, with `{port}` and `{path}` to be filled in; every one leads to this machine or nowhere."""
    urls = {spelling: f"https://{host}:{{port}}{{path}}" for spelling, host in LOOPBACK_HOSTS.items()}
    urls |= {f"the machine's own name, {name}": f"https://{name}:{{port}}{{path}}" for name in own_names()}
    return urls | {
        "behind credentials": "https://hooks.test@127.0.0.1:{port}{path}",
        "behind credentials with a port": "https://hooks.test:443@127.0.0.1:{port}{path}",
        "before a fragment": "https://127.0.0.1:{port}#@hooks.test{path}",
        "before a backslash": "https://127.0.0.1:{port}\\@hooks.test{path}",
        "with a zone": "https://[::1%25lo]:{port}{path}",
        "with white space": " https://127.0.0.1:{port}{path}",
        "with a tab inside": "https://127.0.\t0.1:{port}{path}",
        "in capitals": "HTTPS://127.0.0.1:{port}{path}",
        "without slashes": "https:127.0.0.1:{port}{path}",
        "with three slashes": "https:///127.0.0.1:{port}{path}",
    }


def own_names() -> list[str]:
    """Names of this machine that resolve to loopback here, and perhaps at the target."""
    names = dict.fromkeys([socket.gethostname(), socket.getfqdn()])
    return [name for name in names if name not in LOOPBACK_HOSTS.values() and leads_to_loopback(name)]


def leads_to_loopback(name: str) -> bool:
    """Whether the resolver of this machine takes a name to loopback."""
    try:
        found = socket.getaddrinfo(name, 443, type=socket.SOCK_STREAM)
    except OSError:
        return False
    return any(str(entry[4][0]).startswith("127.") or entry[4][0] == "::1" for entry in found)
