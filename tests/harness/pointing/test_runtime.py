"""Node is known by the command's name or its first line; of everything else a person is told what it needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.pointing.errors import PointingError
from harness.pointing.runtime import Runtime, program, runtime

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("npm", "", Runtime.NODE),
        ("node", "", Runtime.NODE),
        ("crm", "#!/usr/bin/env node\n", Runtime.NODE),
        ("crm", "#!/usr/bin/env -S node --enable-source-maps\n", Runtime.NODE),
        ("crm", "#! /opt/node-20/bin/node\n", Runtime.NODE),
        ("python3.12", "", Runtime.PYTHON),
        ("serve", "#!/srv/venv/bin/python3\n", Runtime.PYTHON),
        ("docker", "", Runtime.CONTAINER),
        ("bun", "", Runtime.OTHER_JAVASCRIPT),
        ("make", "\x7fELF", Runtime.UNKNOWN),
        ("start.sh", "#!/bin/sh\nexec node app.js\n", Runtime.UNKNOWN),
        ("start.sh", "#!\n", Runtime.UNKNOWN),
    ],
)
def test_what_a_command_starts(tmp_path: Path, name: str, content: str, expected: Runtime) -> None:
    (tmp_path / name).write_text(content)
    assert runtime(tmp_path / name) is expected


def test_a_command_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(PointingError, match="nosuch: command not found"):
        program("nosuch", {"PATH": str(tmp_path)})
