"""`wacrm-harness gate`: checks a deployment, by default the embedded reference. A pytest run of the checks."""

from __future__ import annotations

import os
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from conformance.runner import options, system
from conformance.target.sources import given_secrets
from harness.arguments import Parser
from reports.redaction import Redactor, redacted
from reports.results import ExitCode

if TYPE_CHECKING:
    from argparse import Namespace

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
    redactor = Redactor(given_secrets(arguments, os.environ))
    redactor.learn_credentials(*arguments, *os.environ.values(), _file(arguments))
    with redirect_stdout(redacted(sys.stdout, redactor)), redirect_stderr(redacted(sys.stderr, redactor)):
        return _run(arguments, redactor)


def _run(arguments: list[str], redactor: Redactor) -> int:
    try:
        checks = str(_system(arguments).checks)
    except system.UnknownSystemError as error:
        sys.stderr.write(f"{error}\n")
        return ExitCode.SETUP
    return int(
        pytest.main([*PYTEST, "-c", f"{checks}/pytest.ini", "--rootdir", checks, checks, *arguments], [redactor])
    )


def _system(arguments: list[str]) -> System:
    """The system whose checks run: pytest wants their folder before it reads its options."""
    given = _early(arguments)
    return system.chosen(given.system, given.target)


def _early(arguments: list[str]) -> Namespace:
    """What must be known before pytest reads the options."""
    parser = Parser(add_help=False, exit_on_error=False)
    parser.add_argument("--system")
    parser.add_argument("--target", type=Path)
    return parser.parse_known_args(arguments)[0]


def _file(arguments: list[str]) -> str:
    """The target file as text; empty when there is none or it cannot be read, which is said later."""
    path = _early(arguments).target
    try:
        return path.read_text(encoding="utf-8", errors="replace") if path else ""
    except OSError:
        return ""


def _parser() -> Parser:
    parser = Parser(
        prog="wacrm-harness gate", usage="%(prog)s [OPTIONS]", epilog=EXAMPLES,
        description="Check a deployment against the contract, clause by clause.",
    )  # fmt: skip
    for flag, keywords in options.OPTIONS:
        parser.add_argument(flag, **keywords)
    return parser
