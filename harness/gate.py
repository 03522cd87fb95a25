"""`wacrm-harness gate`: checks a deployment, by default the embedded reference. A pytest run of the checks."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from conformance.runner import options, system
from harness.arguments import Parser
from reports.results import ExitCode

if TYPE_CHECKING:
    from conformance.runner.system import System

EXAMPLES = """\
examples:
  wacrm-harness gate                                  the embedded reference, nothing to set up
  wacrm-harness gate --target harness.toml            a deployment of yours
  wacrm-harness gate --group PAGE,CONT --seed 7       some groups of clauses, with a seed
  wacrm-harness gate --clause MSG-11 -n 2             one clause, on two processes
  wacrm-harness gate -k unread                        checks by name

Any option of pytest works too (-k, -n, -x, --junitxml, --collect-only).
exit codes: 0 the contract holds; 1 findings; 2 interrupted; 3 internal error;
4 wrong usage or set-up; 5 not proved (a clause without verdict, an error, or
nothing checked)
"""
PYTEST = [
    # Plugins that dependencies bring along and no check uses: importing them takes longer than most groups of checks.
    "-p", "no:schemathesis", "-p", "no:hypothesispytest", "-p", "no:locust",
    "-p", "conformance.runner.plugin", "-p", "no:cacheprovider", "-q", "-rN", "--tb=no", "--capture=sys",
]  # fmt: skip


def main(arguments: list[str]) -> int:
    """Run the checks; pytest takes the arguments, this project's options among them."""
    _parser().parse_known_args([a for a in arguments if a in {"-h", "--help"}])
    try:
        checks = str(_system(arguments).checks)
    except system.UnknownSystemError as error:
        sys.stderr.write(f"{error}\n")
        return ExitCode.SETUP
    return int(pytest.main([*PYTEST, "-c", f"{checks}/pytest.ini", "--rootdir", checks, checks, *arguments]))


def _system(arguments: list[str]) -> System:
    """The system whose checks run: pytest wants their folder before it reads its options."""
    parser = Parser(add_help=False, exit_on_error=False)
    parser.add_argument("--system")
    parser.add_argument("--target", type=Path)
    given, _ = parser.parse_known_args(arguments)
    return system.chosen(given.system, given.target)


def _parser() -> Parser:
    parser = Parser(
        prog="wacrm-harness gate", usage="%(prog)s [OPTIONS]", epilog=EXAMPLES,
        description="Check a deployment against the contract, clause by clause.",
    )  # fmt: skip
    for flag, keywords in options.OPTIONS:
        parser.add_argument(flag, **keywords)
    return parser
