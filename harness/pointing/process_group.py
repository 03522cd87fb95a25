"""A command in a process group of its own: signals reach all of it, and nothing of it is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from harness.pointing.errors import PointingError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

PASSED_ON = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2)
GRACE = 5.0
"""Seconds between the request to end and the kill."""


class ProcessGroup:
    """The command runs from construction on; standard input, output and error are this process's own."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        try:
            # A session, not only a group: a background group of the terminal would be stopped when it reads from it.
            self._leader = subprocess.Popen(command, env=environment, start_new_session=True)  # noqa: S603 - the user's own
        except OSError as error:
            raise PointingError(f"{command[0]} cannot be run: {error.strerror}.") from None

    @property
    def running(self) -> bool:
        """Whether the command itself runs."""
        return self._leader.poll() is None

    def wait(self) -> int:
        """The command's exit code as a shell gives it: 128 and the signal's number when a signal ended it."""
        code = self._leader.wait()
        return 128 - code if code < 0 else code

    def send(self, number: int) -> bool:
        """Send a signal to all of the group; whether there is anybody in it."""
        try:
            os.killpg(self._leader.pid, number)
        except ProcessLookupError:
            return False
        return True

    def end(self, request: int = signal.SIGTERM, grace: float = GRACE) -> None:
        """End all of the group: asked first, killed after `grace` seconds."""
        deadline = time.monotonic() + grace
        try:
            self.send(request)
            while self._anybody() and time.monotonic() < deadline:
                time.sleep(0.02)
        finally:
            self.send(signal.SIGKILL)
            self._leader.wait()

    def _anybody(self) -> bool:
        self._leader.poll()  # a leader that nobody has waited for still counts as a member
        return self.send(0)


@contextmanager
def passed_on(start: Callable[[], ProcessGroup]) -> Iterator[ProcessGroup]:
    """The group that `start` starts; signals that this process gets go to it, as if it had been started without us."""
    heard = [number for number in PASSED_ON if signal.getsignal(number) is not signal.SIG_IGN]  # as nohup wants it
    early: list[int] = []
    before = {number: signal.signal(number, lambda number, _: early.append(number)) for number in heard}
    try:
        group = start()
        for number in heard:
            signal.signal(number, lambda number, _: group.send(number))
        for missed in early:
            group.send(missed)
        yield group
    finally:
        for given, handler in before.items():
            signal.signal(given, handler)


def wait_for_either(first: ProcessGroup, second: ProcessGroup) -> None:
    """Until one of two commands has ended."""
    while first.running and second.running:
        time.sleep(0.1)
