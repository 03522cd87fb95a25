"""Mock Meta for a run: the one that answers already, or one that is started and ends with the run."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx

from conformance.runner.process import Process, StackError
from harness.pointing.errors import PointingError
from harness.pointing.settings import is_local

if TYPE_CHECKING:
    from collections.abc import Sequence

_HTTP_PORT = 80
_PATIENCE = 5.0


def answers(url: str) -> bool:
    """Whether a mock Meta answers at `url`. Raises `PointingError` when something else does."""
    try:
        answer = httpx.get(f"{url}/_control/health", timeout=_PATIENCE, trust_env=False)
        is_mock = answer.json().get("mock") == "mock_meta"
    except (httpx.ConnectError, httpx.ConnectTimeout):
        return False
    except (httpx.HTTPError, ValueError, AttributeError):
        is_mock = False
    if not is_mock:
        raise PointingError(
            f"{url} is used by something that is not mock Meta. End it, or give another port in meta.control of the target file."
        )
    return True


def start(url: str, prefix: Sequence[str] = ()) -> Process:
    """A mock that listens at `url`. Raises `PointingError`."""
    address = urlsplit(url)
    if not is_local(url):
        raise PointingError(
            f"no mock Meta answers at {url}, and none can be started there: it is not this machine. Start it there,\n"
            "or name an address of this machine in meta.control of the target file."
        )
    try:
        host, port = address.hostname or "", address.port or _HTTP_PORT
        return Process("mock_meta", "--host", host, "--port", str(port), "--quiet", prefix=prefix)
    except StackError as error:
        raise PointingError(f"{error}\nGive another port in meta.control of the target file.") from None
