"""`wacrm-harness gate`: checks a deployment, by default the embedded reference. A pytest run of the checks."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.runner import options
from harness.arguments import Parser

CHECKS = Path(__file__).resolve().parent.parent / "conformance" / "wacrm" / "checks"
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
    "-p", "conformance.runner.plugin", "-p", "no:cacheprovider", "-c", str(CHECKS / "pytest.ini"), "--rootdir", str(CHECKS),
    "-q", "-rN", "--tb=no", "--capture=sys", str(CHECKS),
]  # fmt: skip


def main(arguments: list[str]) -> int:
    """Run the checks; pytest takes the arguments, this project's options among them."""
    _parser().parse_known_args([a for a in arguments if a in {"-h", "--help"}])
    return int(pytest.main([*PYTEST, *arguments]))


def _parser() -> Parser:
    parser = Parser(
        prog="wacrm-harness gate", usage="%(prog)s [OPTIONS]", epilog=EXAMPLES,
        description="Check a deployment against the contract, clause by clause.",
    )  # fmt: skip
    for flag, keywords in options.OPTIONS:
        parser.add_argument(flag, **keywords)
    return parser
