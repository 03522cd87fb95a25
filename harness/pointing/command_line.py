"""`wacrm-harness run`: its options, and what it says when they do not fit together."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.target.target import SettingsError
from harness.arguments import Parser
from harness.pointing.errors import PointingError
from harness.pointing.relay import endpoint
from harness.pointing.request import Request
from harness.pointing.run import export, run
from reports.results import ExitCode

if TYPE_CHECKING:
    from collections.abc import Sequence

EXAMPLES = """\
examples:
  wacrm-harness run --target harness.toml -- npm start
      mock Meta and the deployment; in another terminal: wacrm-harness gate
      --target harness.toml
  wacrm-harness run --target harness.toml --gate -- npm start
      the same, judged as soon as it answers, and ended; the gate's exit code
  wacrm-harness run --target harness.toml --netns --forward 127.0.0.1:5432 \\
      --gate="--group HOOK" -- npm start
      in a network namespace, where outbound webhooks reach the harness although
      the deployment refuses internal targets; its database is on the host
  wacrm-harness run -- sh -c 'GRAPH=$MOCK_META_URL/v21.0 exec uvicorn app:app'
      no Node: a setting of the application's own
  eval "$(wacrm-harness run --target harness.toml --print-env)"
      for those who start things themselves

what is set:
  MOCK_META_URL        where mock Meta listens
  NODE_OPTIONS         + --require redirect.cjs, which leads fetch, http and
                       https of any Node service to it (not: the package undici
                       used directly, Bun, Deno)
  NODE_EXTRA_CA_CERTS  + the receiver's CA, when there is a receiver
  SSL_CERT_FILE, REQUESTS_CA_BUNDLE
                       the same for Python, unless the command is Node

--netns: only loopback and 203.0.113.10 (or receiver.host, when it is another
address) exist inside. A Unix socket of this machine is reached as before, a
port of it after --forward, nothing else is.

exit code: the command's (128 + number when a signal ended it), with --gate the
gate's (2 when the command ended before it); 4 when the command could not be
started as asked.
"""


def main(arguments: Sequence[str]) -> int:
    """Run the command; its exit code."""
    try:
        request = parse(arguments)
        return export(request) if request.print_env else run(request)
    except (PointingError, SettingsError) as error:
        sys.stderr.write(f"wacrm-harness run: {error}\n")
        return ExitCode.SETUP


def parse(arguments: Sequence[str]) -> Request:
    """What is asked for. Raises `PointingError` when it cannot be done."""
    given = list(arguments)
    place = given.index("--") if "--" in given else len(given)
    options, left = _parser().parse_known_args(given[:place])
    if left:
        raise PointingError(
            f"{shlex.join(left)}: no option of run. The command stands behind --, for example: -- npm start"
        )
    request = Request(given[place + 1 :], **vars(options))
    _refuse_nonsense(request)
    return request


def _parser() -> Parser:
    parser = Parser(
        prog="wacrm-harness run", usage="wacrm-harness run [options] -- COMMAND [ARGUMENT ...]", epilog=EXAMPLES,
        description="Start a deployment's own command unchanged, so that it talks to mock Meta.",
    )  # fmt: skip
    add = parser.add_argument
    add("--target", type=Path, metavar="FILE", help="target file: where mock Meta, deployment and receiver are")
    add("--netns", action="store_true", help="in a network namespace of its own, with an address of TEST-NET-3 (Linux)")
    add("--forward", action="append", default=[], dest="forwards", metavar="HOST:PORT",
        help="with --netns: this address outside is 127.0.0.1:PORT inside (repeat)")  # fmt: skip
    add(
        "--gate",
        nargs="?",
        const="",
        metavar="OPTIONS",
        help="run the gate when the deployment answers, then end all of it",
    )
    add(
        "--patience",
        type=float,
        default=120.0,
        metavar="S",
        help="seconds that --gate waits for an answer (%(default)g)",
    )
    add("--print-env", action="store_true", help="print export lines for this shell and start nothing")
    return parser


def _refuse_nonsense(request: Request) -> None:
    if request.print_env:
        if request.command or request.netns or request.gate is not None:
            raise PointingError("--print-env starts nothing: leave out the command, --netns and --gate.")
        return
    if not request.command:
        raise PointingError("no command given. Write it behind --, for example: wacrm-harness run -- npm start")
    if request.gate is not None and request.target is None:
        raise PointingError("--gate needs --target FILE, which says where the deployment answers and with which keys.")
    if request.forwards and not request.netns:
        raise PointingError("--forward is for --netns; without it the command reaches everything itself.")
    for address in request.forwards:
        try:
            endpoint(address)
        except ValueError as error:
            raise PointingError(f"--forward: {error}.") from None
