"""A network namespace in which deployment, mock, receiver and gate meet at an address that is no internal one.

Deployments refuse to deliver to loopback and private addresses, as they must. 203.0.113.0/24 is TEST-NET-3 (RFC 5737): it
belongs to nobody, and inside the namespace it is on `lo`, so nothing leaves the machine.
"""

from __future__ import annotations

import ipaddress
import os
import shutil
from typing import TYPE_CHECKING, Self

from conformance.runner.process import Process, StackError
from harness.pointing.errors import PointingError

if TYPE_CHECKING:
    from types import TracebackType

ADDRESS = "203.0.113.10"
TOOLS = {"unshare": "util-linux", "nsenter": "util-linux", "ip": "iproute2"}
AS_ROOT = ("unshare", "--net")
AS_USER = ("unshare", "--user", "--map-current-user", "--keep-caps", "--net")
"""The user keeps his own id inside, for files and for a database that asks for it; capabilities are the holder's alone."""

RECIPE = """\
Either let the kernel make one:
  - run the same as root: sudo -E env "PATH=$PATH" wacrm-harness run --netns …
  - Ubuntu from 24.04: sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0
  - in a container: docker run --cap-add SYS_ADMIN --cap-add NET_ADMIN --security-opt seccomp=unconfined …
or give the receiver a public name, on a machine that the Internet reaches:
  1. A name that resolves to this machine, say receiver.example.com.
  2. A reverse proxy with a certificate for it, for example Caddy, which gets one by itself. Caddyfile:
       receiver.example.com {
           reverse_proxy https://127.0.0.1:8443 {
               transport http {
                   tls_insecure_skip_verify
               }
           }
       }
  3. In the target file:
       [receiver]
       host = "127.0.0.1"
       port = 8443
       origin = "https://receiver.example.com"
  4. The same command without --netns, then: wacrm-harness gate --target harness.toml
"""


class Namespace:
    """Open while the context is. `enter` is the command line that runs another command inside it."""

    def __init__(self, address: str = ADDRESS) -> None:
        self.address = address

    def __enter__(self) -> Self:
        self._holder, is_user = _opened(self.address)
        path = f"/proc/{self._holder.address['pid']}/ns"
        user = ["--preserve-credentials", f"--user={path}/user"] if is_user else []
        self.enter = ["nsenter", *user, f"--net={path}/net"]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._holder.stop()


def receiver_address(host: str) -> str:
    """The address for the receiver inside: the target file's own, unless that is a name or one of every machine.

    Another one is for a deployment that refuses ranges kept for documentation too, as Python's `ipaddress.is_private` does.
    """
    try:
        own = ipaddress.IPv4Address(host)
    except ValueError:
        return ADDRESS
    return ADDRESS if own.is_loopback or own.is_unspecified else host


def _opened(address: str) -> tuple[Process, bool]:
    """The process that holds the namespace, and whether it has a user namespace too. Raises `PointingError`."""
    if missing := [f"{tool} ({package})" for tool, package in TOOLS.items() if shutil.which(tool) is None]:
        raise _refused(f"this system has no {', no '.join(missing)}; network namespaces are Linux's")
    reasons = []
    for way in (AS_ROOT, AS_USER) if os.geteuid() == 0 else (AS_USER,):
        try:
            return Process("harness.pointing.loopback", address, prefix=way), way is AS_USER
        except StackError as error:
            reasons.append(f"{' '.join(way)}: {str(error).partition('it said: ')[2]}")
    raise _refused("; ".join(reasons))


def _refused(reason: str) -> PointingError:
    return PointingError(f"No network namespace can be made here: {reason}.\n{RECIPE}")
