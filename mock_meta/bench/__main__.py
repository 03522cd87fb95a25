"""``python -m mock_meta.bench``: the benchmark's command line and its report."""

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path

import uvloop

from mock_meta.bench import report
from mock_meta.bench.ceiling import ceiling
from mock_meta.bench.million import growth
from mock_meta.bench.report import Line
from mock_meta.bench.servers import Server, cores, listening, mock, rival
from mock_meta.bench.versus import Starter, versus

_BATCH = 50

Part = Callable[[argparse.Namespace], Coroutine[None, None, list[Line]]]


async def _sends(options: argparse.Namespace) -> list[Line]:
    @contextmanager
    def ours(_: str | None) -> Iterator[Server]:
        with mock(options=("--behaviour", "silent")) as server:
            yield server

    found = await versus(ours, _theirs(options), turns=options.turns, seconds=options.seconds, webhooks=False)
    return report.sends(found)


async def _statuses(options: argparse.Namespace) -> list[Line]:
    @contextmanager
    def ours(webhook: str | None) -> Iterator[Server]:
        with mock(webhook, ("--behaviour", "instant")) as server:
            server.control("PUT", "batch", {"most": _BATCH, "seconds": 0.1})
            yield server

    turns, seconds, port = options.turns, options.seconds, options.rival_sink
    found = await versus(ours, _theirs(options), turns=turns, seconds=seconds, webhooks=True, port=port)
    return report.statuses(found)


def _theirs(options: argparse.Namespace) -> Starter:
    return rival if options.rival is None else lambda _: listening(options.rival)


async def _ceiling(options: argparse.Namespace) -> list[Line]:
    lines = []
    for batch in (1, _BATCH):
        lines += report.ceiling(await ceiling(options.hold, batch=batch), batch)
    return lines


async def _million(options: argparse.Namespace) -> list[Line]:
    lines = report.growth(await growth(options.messages), "in memory", bounded=False)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "ledger.sqlite"
        lines += report.growth(await growth(options.messages, ("--ledger", str(file))), "with --ledger", bounded=True)
    return lines


_PARTS: dict[str, Part] = {"sends": _sends, "statuses": _statuses, "ceiling": _ceiling, "million": _million}


def main() -> None:
    """Run the asked parts; exit 1 when one of them does not keep what the README promises."""
    options = _parse()
    server, load = cores()
    os.sched_setaffinity(0, {load})
    print(f"servers on core {server}, load and sink on core {load}", flush=True)  # noqa: T201  # the interface
    kept = True
    for name in options.part or _PARTS:
        for line in uvloop.run(_PARTS[name](options)):
            print(line, flush=True)  # noqa: T201  # the interface
            kept = kept and line.kept is not False
    sys.exit(0 if kept else 1)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m mock_meta.bench", description="What mock_meta's README promises.")
    add = parser.add_argument
    add("part", nargs="*", metavar="PART", help=f"of {', '.join(_PARTS)} (default: all)")
    add("--turns", type=int, default=5, help="pairs of turns against the rival (default: %(default)s)")
    add("--seconds", type=float, default=4.0, help="of each turn (default: %(default)s)")
    add("--hold", type=float, default=60.0, help="seconds at Meta's ceiling (default: %(default)s)")
    add("--messages", type=int, default=1_000_000, help="of the part 'million' (default: %(default)s)")
    add("--rival", metavar="URL", help="of the sends of a mock that already listens (default: the plain one)")
    add("--rival-sink", type=int, default=0, metavar="PORT", help="where that mock posts its webhooks on this machine")
    options = parser.parse_args()
    if unknown := set(options.part) - _PARTS.keys():
        parser.error(f"no part {unknown.pop()!r}; known: {', '.join(_PARTS)}")
    return options


if __name__ == "__main__":
    main()
