"""`wacrm-harness doctor`: its options, and the exit code."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.target import sources
from conformance.target.target import SettingsError, refuse_strangers
from harness.arguments import Parser
from harness.doctor.examination import Examination
from harness.doctor.line import State
from harness.doctor.screen import shown
from reports.results import ExitCode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.target.target import Target

EXAMPLES = """\
examples:
  wacrm-harness doctor --target harness.toml
  wacrm-harness run --target harness.toml --print-env    what the deployment needs

Each line is ok; mend, with how to mend it; or note, which says what the gate
will do without, or will judge itself. A few messages go to a fictional number.
The limiter's keys are asked once: start the gate a window (60 s) later.

exit codes: 0 nothing to mend; 2 interrupted; 4 something to mend, or a target
file that cannot be used.
"""


def main(arguments: Sequence[str]) -> int:
    """Examine the deployment line by line; the exit code."""
    given = _parser().parse_args(arguments)
    try:
        target = _target(given.target, given.set, given.allow_host)
    except SettingsError as error:
        sys.stderr.write(f"wacrm-harness doctor: {error}\n")
        return ExitCode.SETUP
    to_mend = 0
    for line in Examination(target).lines():
        to_mend += line.state is State.MEND
        sys.stdout.write(shown(line))
        sys.stdout.flush()
    sys.stdout.write(f"\n{to_mend or 'nothing'} to mend\n")
    return ExitCode.SETUP if to_mend else ExitCode.PROVED


def _target(file: Path, overrides: Sequence[str], allowed: Sequence[str]) -> Target:
    """The settings. Raises `SettingsError`."""
    target = sources.load(file, os.environ, overrides)
    refuse_strangers(target, allowed)
    return target


def _parser() -> Parser:
    parser = Parser(
        prog="wacrm-harness doctor", epilog=EXAMPLES,
        description="Examine every wire of a deployment in seconds, before a run, and say how to mend what is wrong.",
    )  # fmt: skip
    add = parser.add_argument
    add("--target", type=Path, required=True, metavar="FILE", help="harness.toml of the deployment")
    add("--set", action="append", default=[], metavar="KEY=VALUE", help="override a setting, as target.limit=60")
    add("--allow-host", action="append", default=[], metavar="HOST", help="examine a deployment on this other machine")
    return parser
