"""A server of ours as a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

START_DEADLINE = 30.0
STOP_DEADLINE = 5.0


class StackError(Exception):
    """A part of the stack did not start. The message says which, and what it printed."""


class Process:
    """A server of ours as a process: prints one JSON line when it listens, ends when its standard input does.

    `prefix`: a command that runs it elsewhere, such as `nsenter`.
    """

    def __init__(self, module: str, *arguments: str, prefix: Sequence[str] = ()) -> None:
        command = [*prefix, sys.executable, "-m", module, *arguments, "--exit-with-stdin"]
        root = str(Path(__file__).resolve().parents[2])
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))}
        self.module = module
        self._process = subprocess.Popen(  # noqa: S603 - our own modules
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment,
            start_new_session=True,  # a Ctrl-C is for the run, which still has a report to write
        )  # fmt: skip
        self._errors: list[str] = []
        self._drain = threading.Thread(target=self._keep_errors, daemon=True)
        self._drain.start()
        try:
            self.address = self._first_line()
        except BaseException:  # a Ctrl-C while it starts, too
            self.stop()
            raise

    def _keep_errors(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self._errors.append(line)
            del self._errors[:-40]

    def _first_line(self) -> dict[str, Any]:
        """The addresses; `StackError` when the process ends or stays silent."""
        assert self._process.stdout is not None
        watchdog = threading.Timer(START_DEADLINE, self._process.kill)
        watchdog.daemon = True  # a Ctrl-C need not wait for it
        watchdog.start()
        line = self._process.stdout.readline()
        watchdog.cancel()
        try:
            found: dict[str, Any] = json.loads(line)
        except ValueError:
            self._process.kill()
            self._drain.join(STOP_DEADLINE)
            said = "".join(self._errors).strip() or line.strip() or "nothing"
            raise StackError(f"{self.module} did not start; it said: {said}") from None
        return found

    @property
    def ended(self) -> str | None:
        """None while it runs; afterwards its exit code and what it said last."""
        code = self._process.poll()
        return None if code is None else f"exit code {code}; it said: {''.join(self._errors[-8:]).strip() or 'nothing'}"

    def kill(self) -> None:
        """End the process as a crash would."""
        self._process.kill()
        self._process.wait()

    def terminate(self) -> None:
        """Ask the process to end, and do not wait for it."""
        self._process.terminate()

    def stop(self) -> None:
        """End the process; kill it when it does not end by itself."""
        self.terminate()
        try:
            self._process.wait(STOP_DEADLINE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._drain.join(STOP_DEADLINE)
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()
