"""Keeps a network namespace open: gives its loopback an address, then waits until standard input ends.

`python -m harness.pointing.loopback ADDRESS`, started by `unshare`; its pid names the namespace.
"""

from __future__ import annotations

import subprocess
import sys

from service.listening import announce


def main(address: str) -> None:
    """Exits with what `ip` says when it is refused."""
    _ip("link", "set", "lo", "up")
    _ip("address", "add", f"{address}/32", "dev", "lo")
    announce(address=address)
    sys.stdin.read()


def _ip(*arguments: str) -> None:
    ran = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)  # noqa: S603, S607 - the system's ip
    if ran.returncode:
        sys.exit(f"ip {' '.join(arguments)}: {ran.stderr.strip()}")


if __name__ == "__main__":
    main(sys.argv[1])
