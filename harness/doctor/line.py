"""One line of the examination: a wire, its state, and how to mend it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """MEND makes the exit code 4; a NOTE says what the run will do without, or what the gate will judge itself."""

    OK = "ok"
    MEND = "mend"
    NOTE = "note"


@dataclass(frozen=True)
class Line:
    """`wire` is what was tried, `text` what was found, `remedy` what to do about it."""

    state: State
    wire: str
    text: str
    remedy: str = ""


def ok(wire: str, text: str) -> Line:
    return Line(State.OK, wire, text)


def mend(wire: str, text: str, remedy: str) -> Line:
    return Line(State.MEND, wire, text, remedy)


def note(wire: str, text: str, remedy: str = "") -> Line:
    return Line(State.NOTE, wire, text, remedy)


def from_error(wire: str, error: Exception) -> Line:
    """What a set-up error says: its first line is what is wrong, the others how to mend it."""
    text, _, remedy = str(error).partition("\n")
    return mend(wire, text, " ".join(remedy.split()))
