"""The command line's parser: argparse with this project's exit code, and a suggestion for a name that does not exist.

argparse exits with 2, which means `interrupted` here, and suggests names from Python 3.14 on.
"""

from __future__ import annotations

import argparse
import difflib
import sys
from typing import TYPE_CHECKING, Any, NoReturn

from reports.results import ExitCode

if TYPE_CHECKING:
    from collections.abc import Collection


class Parser(argparse.ArgumentParser):
    """Long options must be written out; the epilog keeps its lines."""

    def __init__(self, **keywords: Any) -> None:  # noqa: ANN401 - argparse's
        form = argparse.RawDescriptionHelpFormatter
        super().__init__(formatter_class=form, allow_abbrev=False, **keywords)

    def add_choice(self, name: str, known: Collection[str]) -> None:
        """A positional argument that is one of the known names."""

        def choice(text: str) -> str:
            if text in known:
                return text
            close = difflib.get_close_matches(text, known, 1, 0.5)
            hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(known)}"
            raise argparse.ArgumentTypeError(f"there is no {text!r}; {hint}")

        self.add_argument(name, type=choice, help=argparse.SUPPRESS)

    def error(self, message: str) -> NoReturn:
        sys.stderr.write(f"{self.prog}: {message}\n{self.prog} --help tells what there is\n")
        raise SystemExit(ExitCode.SETUP)
