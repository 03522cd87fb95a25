"""The reference deployment with mock Meta and a receiver, left running for a person to try things on."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import tomli_w

from conformance.runner.process import StackError
from conformance.runner.run_state import reveal
from conformance.runner.stack import Embedded, Stack
from conformance.target.target import Receiver
from conformance.wacrm.reference import start_reference
from harness.arguments import Parser
from reports.results import ExitCode

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence

    from conformance.target.target import Target

SHOWN_KEYS = 20
EXAMPLES = """\
examples:
  wacrm-harness reference                             then use the printed export lines
  wacrm-harness reference --fault revoked-key-still-lists-conversations
  wacrm-harness reference --wear worn-a               with what real deployments have
  wacrm-harness reference --write harness.toml        and in another terminal:
  wacrm-harness gate --target harness.toml
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until Ctrl-C."""
    parser = Parser(prog="wacrm-harness reference", description=__doc__, epilog=EXAMPLES)
    parser.add_argument("--port", type=int, default=0, help="the reference's port (a free one)")
    parser.add_argument("--fault", action="append", default=[], metavar="NAME", help="switch on a fault (repeat)")
    parser.add_argument(
        "--wear", action="append", default=[], metavar="NAME", help="be worn as real deployments are (repeat)"
    )
    parser.add_argument("--write", type=Path, metavar="FILE", help="write a target file for the gate")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="seed of mock Meta's draws (1)")
    given = parser.parse_args(arguments)
    try:
        return _run(given)
    except StackError as error:
        sys.stderr.write(f"{error}\n")
        return ExitCode.SETUP


def _run(given: Namespace) -> int:
    with Stack(given.seed) as stack:
        stack.start_receiver()
        target = start_reference(stack, Embedded(given.fault, port=given.port, wear=given.wear))
        if given.write:
            target = target.model_copy(update={"receiver": _released_receiver(stack)})
            given.write.touch(mode=0o600)
            given.write.write_text(target_file(target), encoding="utf-8")
        sys.stdout.write(screen(target, given.write))
        sys.stdout.flush()
        try:
            signal.pause()
        except KeyboardInterrupt:
            return ExitCode.PROVED
    return ExitCode.PROVED


def _released_receiver(stack: Stack) -> Receiver:
    """The receiver that the reference delivers to, left to the gate: its address is free, its CA stays while this runs."""
    assert stack.receiver is not None
    origin, ca = urlsplit(stack.receiver["origin"]), stack.receiver["ca"]
    stack.kill("conformance.webhooks.receiver")
    return Receiver(host=origin.hostname or "", port=origin.port or 0, ca=ca)


def screen(target: Target, written: Path | None) -> str:
    """The start screen; the keys on it are made for this run and open nothing else."""
    assert target.meta is not None
    keys = {str(key.role): key for key in reversed(target.keys.flat())}
    exports = [f"export {key.placeholder[1:]}={key.secret}" for key in reversed(keys.values()) if ":" not in key.role]
    lines = [
        "The reference deployment is running; Ctrl-C ends it.", "",
        f"  API         {target.target.api}",
        f"  mock Meta   {target.meta.control.removesuffix('_control')}", "",
        f"export WACRM_URL={target.target.origin}", *exports, "",
        'curl -sS -H "Authorization: Bearer $WACRM_KEY" "$WACRM_URL/api/v1/me"', "",
        *([f"wacrm-harness gate --target {written}", ""] if written else []),
    ]  # fmt: skip
    return "\n".join(lines)


def target_file(target: Target) -> str:
    """The target as a harness.toml, with its secrets; the first keys of each role only."""
    plain: dict[str, Any] = reveal(target.model_dump(exclude_none=True, exclude={"allow_hosts", "capabilities"}))
    del plain["target"]["embedded"]
    return tomli_w.dumps({
        section: {name: _first(value) for name, value in values.items() if value not in ("", [], {})}
        for section, values in plain.items()
    })  # fmt: skip


def _first(value: Any) -> Any:  # noqa: ANN401 - settings as plain data
    return value[:SHOWN_KEYS] if isinstance(value, list) else value
