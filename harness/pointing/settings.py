"""What `run` reads of a target file: where mock Meta, the deployment and the receiver are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from conformance.target.sources import load
from conformance.target.target import LOOPBACK, Receiver
from harness.pointing.errors import PointingError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

DEFAULT_MOCK = "http://127.0.0.1:8790"
"""Where `wacrm-harness mock` listens, and what the example target file names."""


@dataclass(frozen=True)
class Settings:
    """`mock`: its URL without `/_control`. `deployment`: its origin, empty without a target file. `receiver`: None for none."""

    file: Path | None = None
    mock: str = DEFAULT_MOCK
    deployment: str = ""
    receiver: Receiver | None = None


def read(file: Path | None, environment: Mapping[str, str]) -> Settings:
    """The settings of a target file; the defaults without one. Raises `SettingsError` and `PointingError`."""
    if file is None:
        return Settings()
    # Keys are often made only when the deployment runs, and nothing here uses one.
    target = load(file, environment, ["keys.full=not-needed"])
    mock = DEFAULT_MOCK if target.meta is None else _without_control(target.meta.control)
    return Settings(file, mock, target.target.origin, target.receiver)


def _without_control(control: str) -> str:
    """The mock's URL. Raises `PointingError` for one that nothing can be started or asked at."""
    url = control.rstrip("/").removesuffix("/_control")
    split = urlsplit(url)
    if split.scheme != "http" or not split.hostname or split.path:
        raise PointingError(
            f"meta.control must look like {DEFAULT_MOCK}/_control, not {control}; correct the target file."
        )
    return url


def is_local(url: str) -> bool:
    """Whether a URL's host is this machine's loopback."""
    return bool(LOOPBACK.match(urlsplit(url).hostname or ""))
