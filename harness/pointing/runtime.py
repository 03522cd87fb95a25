"""What kind of program a command starts, as far as its name and its first line tell."""

from __future__ import annotations

import re
import shutil
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from harness.pointing.errors import PointingError

if TYPE_CHECKING:
    from collections.abc import Mapping

_FIRST_LINE = 200


class Runtime(Enum):
    """The value is what a person is told; empty when nothing needs to be said."""

    NODE = ""
    PYTHON = (
        "this is Python: it trusts the receiver by SSL_CERT_FILE and REQUESTS_CA_BUNDLE; set its Graph base URL to\n"
        "$MOCK_META_URL/v21.0 (without such a setting: docs/mock-with-your-application.md, Python)"
    )
    CONTAINER = (
        "a container does not see these variables, nor this machine's loopback: set them in its own\n"
        "environment (docs/mock-with-your-application.md, Docker Compose)"
    )
    OTHER_JAVASCRIPT = "Bun and Deno do not preload NODE_OPTIONS: start the service with Node"
    UNKNOWN = (
        "not known to be Node: if it starts Node, the variables reach it; if it is something else, it needs its own\n"
        "setting for the Graph base URL: $MOCK_META_URL/v21.0"
    )


_PATTERNS = {
    Runtime.NODE: r"node|nodejs|npm|npx|pnpm|pnpx|yarn|yarnpkg|next|tsx",
    Runtime.PYTHON: r"python[\d.]*|uvicorn|gunicorn|flask|django-admin|poetry|uv",
    Runtime.CONTAINER: r"docker|docker-compose|podman|kubectl",
    Runtime.OTHER_JAVASCRIPT: r"bun|bunx|deno",
}


def program(name: str, environment: Mapping[str, str]) -> Path:
    """The file that a command's first word runs. Raises `PointingError` when there is none."""
    found = shutil.which(name, path=environment.get("PATH"))
    if found is None:
        raise PointingError(
            f"{name}: command not found. Give the command as you start it yourself, for example: -- npm start"
        )
    return Path(found)


def runtime(file: Path) -> Runtime:
    """By the file's own name, then by the interpreter that its first line names."""
    return next((kind for name in (file.name, _interpreter(file)) if (kind := _named(name))), Runtime.UNKNOWN)


def _named(name: str) -> Runtime | None:
    return next((kind for kind, pattern in _PATTERNS.items() if re.fullmatch(pattern, name)), None)


def _interpreter(file: Path) -> str:
    """`node` of `#!/usr/bin/env node`; empty for a binary."""
    try:
        with file.open("rb") as content:
            line = content.readline(_FIRST_LINE).decode("latin-1")
    except OSError:
        return ""
    words = line[2:].split() if line.startswith("#!") else []
    names = [name for word in words if not word.startswith("-") and (name := Path(word).name) != "env"]
    return names[0] if names else ""
