"""One run: place and mock, variables, command, gate; all that was started ends with it."""

from __future__ import annotations

import os
import shlex
import signal
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

from harness.pointing.place import here, prepared
from harness.pointing.process_group import ProcessGroup, passed_on, wait_for_either
from harness.pointing.receiver import for_gate
from harness.pointing.runtime import Runtime, program, runtime
from harness.pointing.screen import screen
from harness.pointing.settings import read
from harness.pointing.variables import export_lines, for_node, for_python
from reports.results import ExitCode

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.pointing.place import Place
    from harness.pointing.request import Request

GATE_GRACE = 30.0
"""Seconds in which an interrupted gate writes its report."""


def export(request: Request) -> int:
    """Print what `run` would set, for Node and Python. Raises `PointingError`, `SettingsError`."""
    sys.stdout.write(export_lines(_variables(Runtime.UNKNOWN, here(read(request.target, os.environ)))))
    return ExitCode.PROVED


def run(request: Request) -> int:
    """Start everything and wait; the exit code of the command, or of the gate. Raises `PointingError`, `SettingsError`."""
    kind = runtime(program(request.command[0], os.environ))
    settings = read(request.target, os.environ)
    signal.signal(signal.SIGTERM, _interrupted)
    with ExitStack() as running:
        place = prepared(request, settings, running)
        variables, for_it = _variables(kind, place), for_gate(place.receiver, settings.receiver)
        sys.stderr.write(screen(request, place, kind, variables, for_it))
        with passed_on(lambda: ProcessGroup([*place.enter, *request.command], {**os.environ, **variables})) as command:
            running.callback(command.end)
            if request.gate is None:
                return command.wait()
            line = [*place.enter, *_gate(request, settings.deployment)]
            return _judged(command, line, {**os.environ, **for_it})


def _interrupted(*_: object) -> None:
    """What has been started by then is ended."""
    raise KeyboardInterrupt


def _variables(kind: Runtime, place: Place) -> dict[str, str]:
    python = {} if kind is Runtime.NODE else for_python(place.ca, os.environ)
    return {**for_node(place.mock, place.ca, os.environ), **python}


def _gate(request: Request, deployment: str) -> list[str]:
    waiting = [sys.executable, "-m", "harness.pointing.gate", deployment, f"{request.patience:g}"]
    return [*waiting, "--target", str(request.target), *shlex.split(request.gate or "")]


def _judged(command: ProcessGroup, line: Sequence[str], environment: Mapping[str, str]) -> int:
    """The gate's exit code. The gate gets the signals, and is interrupted when the deployment ends before it."""
    with passed_on(lambda: ProcessGroup(line, environment)) as gate:
        try:
            wait_for_either(command, gate)
            is_cut_short = gate.running
        finally:
            gate.end(signal.SIGINT, GATE_GRACE)
        if is_cut_short:
            sys.stderr.write(f"The command ended with exit code {command.wait()} before the gate had judged it.\n")
        return ExitCode.INTERRUPTED if is_cut_short else gate.wait()
