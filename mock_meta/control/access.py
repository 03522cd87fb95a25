"""Who may call the control: this machine, unless it was opened on purpose, under names of its own, and no other site's pages."""

import ipaddress
from urllib.parse import urlsplit

from fastapi import Request

from mock_meta.control.bodies import mock_of
from mock_meta.control.errors import ControlError
from mock_meta.protocol.allowed_hosts import is_own_name


async def local_only(request: Request) -> None:
    """Raises ControlError 403 for a client on another machine, unless the control was opened on purpose."""
    if mock_of(request).settings.control_remote or is_loopback(request):
        return
    raise ControlError("the control answers this machine only; start with --control-remote to open it", 403)


async def own_names_only(request: Request) -> None:
    """Raises ControlError 403 for a ``Host`` that is not the mock's.

    Whoever owns a name can point it at this machine, and then its pages are the mock's own to a browser (DNS rebinding).
    """
    host = request.headers.get("host")
    if host is not None and not is_own_name(host, mock_of(request).settings.allowed_hosts):
        hint = "use an address or localhost, or name the host with --allow-host"
        raise ControlError(f"the control is not asked as {host!r}: {hint}", 403)


async def own_pages_only(request: Request) -> None:
    """Raises ControlError 403 for what a browser sends on behalf of another site (RFC 6454, section 7).

    A page of any site can make the browser of a developer call this machine. Programs send no ``Origin``.
    """
    origin = request.headers.get("origin")
    if origin is not None and not same_place(origin, request.headers.get("host", "")):
        raise ControlError(f"the control answers no pages of other sites, such as {origin!r}", 403)


def same_place(origin: str, host: str) -> bool:
    """Whether an ``Origin`` names this ``Host``; a port that is left out is the scheme's.

    Of the scheme the mock knows nothing when a proxy adds TLS: it is the origin's.
    """
    try:
        theirs, ours = urlsplit(origin), urlsplit(f"//{host}")
        default = {"http": 80, "https": 443}[theirs.scheme]
        there, here = (theirs.hostname, theirs.port or default), (ours.hostname, ours.port or default)
    except (KeyError, ValueError):
        return False
    return here[0] is not None and here == there


def is_loopback(request: Request) -> bool:
    host = request.client.host if request.client else ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
