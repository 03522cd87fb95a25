"""An examination's line as text of 80 columns."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.doctor.line import Line

WIDTH = 80
WIRE = 21
INDENT = " " * (6 + WIRE + 1)


def shown(line: Line) -> str:
    """State, wire and text; the remedy below. A long word, such as a URL, stays whole."""
    first = f"{line.state:<6}{line.wire:<{WIRE}} "
    rows = _wrapped(line.text, first)
    return "\n".join([rows, *([_wrapped(line.remedy, f"{INDENT}> ")] if line.remedy else [])]) + "\n"


def _wrapped(text: str, first: str) -> str:
    return textwrap.fill(
        text, WIDTH, initial_indent=first, subsequent_indent=INDENT, break_long_words=False, break_on_hyphens=False
    )
