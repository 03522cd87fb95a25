"""SIGTERM and SIGHUP end a command as Ctrl-C does: its report is written, its parts are ended. A second one changes nothing."""

from __future__ import annotations

import signal
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

HANGUP = () if sys.platform == "win32" else (signal.SIGHUP,)
SIGNALS = (signal.SIGINT, signal.SIGTERM, *HANGUP)
ENDING = "ending; what was found is being written\n"


@contextmanager
def as_ctrl_c() -> Iterator[None]:
    """The first of the signals raises `KeyboardInterrupt` in here, any other one only says that the end is under way.

    A signal that whoever started the command had it ignore (nohup) stays ignored.
    """
    before = {number: signal.getsignal(number) for number in SIGNALS}
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, _interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _say)
    raise KeyboardInterrupt


def _say(_number: int, _frame: FrameType | None) -> None:
    sys.stderr.write(ENDING)
