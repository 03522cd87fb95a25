"""The environment variables that lead a process to mock Meta and let it trust the receiver."""

from __future__ import annotations

import hashlib
import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import certifi
import platformdirs

from harness.pointing.errors import PointingError
from mock_meta.serving.start_screen import REDIRECT

if TYPE_CHECKING:
    from collections.abc import Mapping

PYTHON = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
"""httpx and everything on Python's ssl; requests. Each replaces the usual authorities."""


def state_folder() -> Path:
    """Where authorities are kept between runs, made when it is not there. Raises `OSError`."""
    return platformdirs.user_state_path("wacrm-harness", ensure_exists=True)


def for_node(mock: str, ca: Path | None, environment: Mapping[str, str]) -> dict[str, str]:
    """The preload, its address, and the authority besides one that is set already. Raises `PointingError`."""
    found = {"MOCK_META_URL": mock, "NODE_OPTIONS": _with_preload(environment.get("NODE_OPTIONS", ""))}
    if ca is not None:
        found["NODE_EXTRA_CA_CERTS"] = _together("NODE_EXTRA_CA_CERTS", environment.get("NODE_EXTRA_CA_CERTS"), ca)
    return found


def for_python(ca: Path | None, environment: Mapping[str, str]) -> dict[str, str]:
    """The usual authorities and this one. Raises `PointingError`."""
    if ca is None:
        return {}
    return {name: _together(name, environment.get(name) or certifi.where(), ca) for name in PYTHON}


def export_lines(variables: Mapping[str, str]) -> str:
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in variables.items())


def _with_preload(options: str) -> str:
    """`NODE_OPTIONS` with redirect.cjs preloaded last; within its double quotes Node takes a backslash as an escape."""
    quoted = str(REDIRECT).replace("\\", "\\\\").replace('"', '\\"')
    preload = f'--require "{quoted}"'
    return options if preload in options else f"{options} {preload}".strip()


def _together(name: str, given: str | None, ca: Path) -> str:
    """One file with both, since each variable takes one alone; `ca` itself when nothing else is given."""
    if not given or Path(given).absolute() == ca.absolute():
        return str(ca.absolute())
    try:
        both = Path(given).read_bytes().rstrip(b"\n") + b"\n" + ca.read_bytes()
    except OSError as error:
        raise PointingError(
            f"{name} names {given}, which cannot be read ({error.strerror}). Correct or unset it."
        ) from None
    return str(_kept(both))


def _kept(content: bytes) -> Path:
    """A file of the state folder, named by its content: runs beside each other share or do not meet."""
    file = state_folder() / f"authorities-{hashlib.sha256(content).hexdigest()[:12]}.pem"
    if not file.exists():
        draft = file.with_suffix(f".{os.getpid()}")
        draft.write_bytes(content)
        draft.replace(file)
    return file
