"""`wacrm-harness settings`: prints harness.example.toml, to begin a harness.toml with."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from harness.arguments import Parser
from reports.results import ExitCode

if TYPE_CHECKING:
    from collections.abc import Sequence

NAME = "harness.example.toml"
HERE = Path(__file__).resolve().parent


def main(arguments: Sequence[str] | None = None) -> int:
    """Print it: the installed package's, or the checkout's."""
    example = "example: wacrm-harness settings > harness.toml"
    Parser(prog="wacrm-harness settings", description=__doc__, epilog=example).parse_args(arguments)
    path = next(folder / NAME for folder in (HERE, HERE.parent) if (folder / NAME).is_file())
    sys.stdout.write(path.read_text(encoding="utf-8"))
    return ExitCode.PROVED
