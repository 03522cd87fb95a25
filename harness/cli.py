"""`wacrm-harness`: one command with a verb for each thing the harness does. The nox sessions call the same verbs."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from conformance.runner import options
from reports.results import ExitCode

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).resolve().parent.parent
CHECKS = ROOT / "conformance" / "wacrm" / "checks"

MOCK_PORT = 8790
GATE_EXAMPLES = """\
examples:
  wacrm-harness gate                                  the embedded reference, nothing to set up
  wacrm-harness gate --target harness.toml            a deployment of yours
  wacrm-harness gate --group PAGE,CONT --seed 7       some groups of clauses, with a seed
  wacrm-harness gate --clause MSG-11 -n 2             one clause, on two processes
  wacrm-harness gate -k unread                        checks by name

Any option of pytest works too (-k, -n, -x, --junitxml, --collect-only).
exit codes: 0 the contract holds; 1 findings; 2 interrupted; 4 wrong usage or
set-up; 5 not proved (a clause without verdict, an error, or nothing judged).
"""
EXAMPLES = """\
examples:
  wacrm-harness gate --help
  wacrm-harness mock --help
  wacrm-harness reference --help
  wacrm-harness provision --help
  wacrm-harness kills --group PAGE
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    parser = argparse.ArgumentParser(
        prog="wacrm-harness", description="Conformance and load tests for Wacrm's public API, with a mock of Meta.",
        epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("verb", choices=sorted(VERBS), help="what to do; each has its own --help")
    verb = parser.parse_args(given[:1]).verb
    try:
        return VERBS[verb](given[1:])
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        return ExitCode.INTERRUPTED


def gate(arguments: list[str]) -> int:
    """Judge a deployment, by default the embedded reference."""
    parser = argparse.ArgumentParser(
        prog="wacrm-harness gate", description="Judge a deployment against the contract, clause by clause.",
        epilog=GATE_EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False,
    )  # fmt: skip
    for flag, keywords in options.OPTIONS:
        parser.add_argument(flag, **keywords)
    parser.parse_known_args([a for a in arguments if a in {"-h", "--help"}])
    return int(pytest.main([*GATE_ARGUMENTS, *arguments]))


GATE_ARGUMENTS = [
    # Plugins that dependencies bring along and no check uses: importing them takes longer than most groups of checks.
    "-p", "no:schemathesis", "-p", "no:hypothesispytest", "-p", "no:locust",
    "-p", "conformance.runner.plugin", "-p", "no:cacheprovider", "-c", str(CHECKS / "pytest.ini"), "--rootdir", str(CHECKS),
    "-q", "-rN", "--tb=no", "--capture=sys", str(CHECKS),
]  # fmt: skip


def mock(arguments: list[str]) -> int:
    """Run mock Meta for people who build on the WhatsApp Cloud API, on the port that the example target file names."""
    from mock_meta.serving.cli import main as run  # noqa: PLC0415 - the gate needs no server in its process

    run(["--port", str(MOCK_PORT), *arguments])
    return ExitCode.PROVED


def reference(arguments: list[str]) -> int:
    """Run the reference deployment with mock Meta, for trying things by hand."""
    from harness.playground import main as run  # noqa: PLC0415 - as above

    return run(arguments)


def kills(arguments: list[str]) -> int:
    """Run every fault of the reference against the checks of its group."""
    from harness.kills import main as run  # noqa: PLC0415 - as above

    return run(arguments)


def kills_load(arguments: list[str]) -> int:
    """Run every fault that only load shows, and the clean reference, under the load test."""
    from harness.kills_load import main as run  # noqa: PLC0415 - as above

    return run(arguments)


def worn(arguments: list[str]) -> int:
    """Run the gate on references that are worn as real deployments are."""
    from harness.worn import main as run  # noqa: PLC0415 - as above

    return run(arguments)


def loadtest(arguments: list[str]) -> int:
    """Load a deployment, by default the embedded reference, and reconcile every message. In a process of its own: Locust patches
    the standard library.
    """
    os.execv(sys.executable, [sys.executable, "-m", "loadtests", *arguments])  # noqa: S606 - our own module


def requirements(arguments: list[str]) -> int:
    """Print the table of clauses, checks and faults."""
    from harness.traceability import main as run  # noqa: PLC0415 - as above

    return run(arguments)


def provision(arguments: list[str]) -> int:
    """Make the accounts and keys that a run needs in a deployment's database, and write harness.toml; or remove them."""
    from harness.provision.cli import main as run  # noqa: PLC0415 - as above

    return run(arguments)


def incumbent(arguments: list[str]) -> int:
    """Run stock Schemathesis on the same faults, for comparison."""
    from harness.incumbent import main as run  # noqa: PLC0415 - as above

    return run(arguments)


VERBS = {
    "gate": gate,
    "mock": mock,
    "reference": reference,
    "kills": kills,
    "kills-load": kills_load,
    "loadtest": loadtest,
    "incumbent": incumbent,
    "provision": provision,
    "requirements": requirements,
    "worn": worn,
}

if __name__ == "__main__":
    sys.exit(main())
