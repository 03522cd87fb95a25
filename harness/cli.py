"""`wacrm-harness`: one command with a verb for each thing the harness does. The nox sessions call the same verbs.

A verb's module is imported when the verb runs, so that each needs the packages of its own extra and no others.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pkgutil import resolve_name
from typing import TYPE_CHECKING

from harness.arguments import Parser
from harness.interruption import as_ctrl_c
from reports.results import ExitCode

if TYPE_CHECKING:
    from collections.abc import Sequence

MOCK_PORT = 8790
DISTRIBUTION = "wacrm-harness"


@dataclass(frozen=True)
class Verb:
    """`function` is `module:name`, takes the arguments after the verb and returns the exit code."""

    function: str
    summary: str
    extra: str = ""


FOR_USERS = {
    "gate": Verb("harness.gate:main", "check a deployment against the contract, clause by clause", "gate"),
    "loadtest": Verb("harness.cli:loadtest", "load a deployment and reconcile every message", "load"),
    "mock": Verb("harness.cli:mock", "run mock Meta on port 8790 (mock-meta: on a free one)"),
    "reference": Verb("harness.reference_deployment:main", "run the reference deployment with mock Meta", "gate"),
    "provision": Verb("harness.provision.cli:main", "make the accounts and keys that a run needs", "provision"),
    "doctor": Verb("harness.doctor.command_line:main", "examine every wire before a run, and how to mend it", "gate"),
    "run": Verb("harness.pointing.command_line:main", "start a deployment's own command with mock Meta", "gate"),
    "settings": Verb("harness.example_file:main", "print a harness.toml with every setting explained"),
    "requirements": Verb("harness.traceability:main", "print the clauses, their checks and their faults", "gate"),
}
FOR_DEVELOPERS = {
    "kills": Verb("harness.kills:main", "prove the gate: every fault must turn its own clause red", "gate"),
    "modules": Verb("harness.module_map:main", "print every module by room, with its first line"),
    "worn": Verb("harness.worn:main", "prove the gate on references worn as real ones are", "gate"),
    "kills-load": Verb("harness.kills_load:main", "prove the load test: every load fault must be named", "load"),
    "incumbent": Verb(
        "harness.stock_schemathesis:main", "run stock Schemathesis on the same faults, to compare", "gate"
    ),
}
VERBS = FOR_USERS | FOR_DEVELOPERS
MARKS = {"gate": "schemathesis", "load": "locust", "provision": "psycopg"}
"""By extra, the package that tells whether it is installed: the largest one."""

EXAMPLES = """\
examples:
  wacrm-harness gate                         the embedded reference, no set-up
  wacrm-harness gate --target harness.toml   a deployment of yours
  wacrm-harness loadtest -u 50 -t 5m         fifty tasks a second, five minutes
  wacrm-harness gate --help                  the options of a verb

exit codes: 0 all is well; 1 findings; 2 interrupted; 3 internal error;
4 wrong usage or set-up; 5 not proved
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    name = _parser().parse_args(given[:1] or ["--help"]).verb
    if missing := _missing(name):
        sys.stderr.write(f"{missing}\n")
        return ExitCode.SETUP
    with as_ctrl_c():
        try:
            code: int = resolve_name(VERBS[name].function)(given[1:])
        except KeyboardInterrupt:
            sys.stderr.write("interrupted\n")
            return ExitCode.INTERRUPTED
        return code


def _parser() -> Parser:
    sections = {"for users": FOR_USERS, "for developers of the harness": FOR_DEVELOPERS}
    lists = [f"{title}:\n{_list(verbs)}" for title, verbs in sections.items()]
    parser = Parser(
        prog=DISTRIBUTION, usage="%(prog)s VERB [OPTIONS]", epilog="\n".join([*lists, EXAMPLES]),
        description="Conformance and load tests for Wacrm's public API, with a mock of Meta.",
    )  # fmt: skip
    parser.add_argument("--version", action="version", version=f"{DISTRIBUTION} {version(DISTRIBUTION)}")
    parser.add_choice("verb", VERBS)
    return parser


def _list(verbs: dict[str, Verb]) -> str:
    return "".join(f"  {name:<14}{verb.summary}\n" for name, verb in verbs.items())


def _missing(name: str) -> str:
    """What to install for this verb, in one sentence; empty when it is there."""
    extra = VERBS[name].extra
    if not extra or find_spec(MARKS[extra]):
        return ""
    return f"wacrm-harness {name} needs more packages: python3 -m pip install '{DISTRIBUTION}[{extra}]'"


def mock(arguments: list[str]) -> int:
    """Run mock Meta for people who build on the WhatsApp Cloud API, on the port that the example target file names."""
    resolve_name("mock_meta.__main__:main")(["--port", str(MOCK_PORT), *arguments])
    return ExitCode.PROVED


def loadtest(arguments: list[str]) -> int:
    """Load a deployment, in a process of its own: Locust patches the standard library."""
    os.execv(sys.executable, [sys.executable, "-m", "loadtests", *arguments])  # noqa: S606 - our own module


if __name__ == "__main__":
    sys.exit(main())
