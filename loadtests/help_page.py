"""`--help`: this project's options first, then Locust's."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from locust import events
from locust.argument_parser import get_empty_argument_parser, setup_parser_arguments

import loadtests.locustfile  # noqa: F401 - declares the options when Locust asks for them

EXAMPLES = """\
examples:
  wacrm-harness loadtest                          the embedded reference
  wacrm-harness loadtest -t 10s --scenario send   only sends, for ten seconds
  wacrm-harness loadtest --target harness.toml -u 50 -t 5m

exit codes: 0 all SLOs were met; 1 findings; 2 interrupted; 4 wrong usage or
set-up; 5 not proved

Any option of Locust works too; -u (users, here 20) and -t (run time, here 60s)
are the usual ones:
"""


class _Options(argparse.ArgumentParser):
    """Takes what is declared to Locust's parser."""

    def add_argument(self, *flags: Any, include_in_web_ui: bool = False, **keywords: Any) -> argparse.Action:  # noqa: ANN401, ARG002
        return super().add_argument(*flags, **keywords)


def show() -> None:
    """Print the page."""
    ours = _Options(
        prog="wacrm-harness loadtest", usage="%(prog)s [OPTIONS]", epilog=EXAMPLES,
        description="Load a deployment and reconcile every message.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    events.init_command_line_parser.fire(parser=ours)
    locusts = get_empty_argument_parser(add_help=False)
    setup_parser_arguments(locusts)
    locusts.description = locusts.epilog = None
    sys.stdout.write(f"{ours.format_help()}\n{locusts.format_help()}")
