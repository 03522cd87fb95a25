"""`python -m loadtests.bench`: ratios to Locust's own users, the schedule's lag, a stall against arithmetic, a million messages."""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from rich.console import Console

from loadtests.accounting import reconciliation
from loadtests.accounting.records import Records

if TYPE_CHECKING:
    from collections.abc import Iterator

RIVALS = ("http", "fast", "ours")
BATCH = 5000
CLIENT_CORE, SERVER_CORE = 0, (os.cpu_count() or 1) - 1


@contextmanager
def server(*arguments: str) -> Iterator[str]:
    """The canned server's URL; it ends with the block."""
    command = [
        sys.executable,
        "-m",
        "loadtests.bench.server",
        "--core",
        str(SERVER_CORE),
        "--exit-with-stdin",
        *arguments,
    ]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - ours
        assert process.stdout is not None
        assert process.stdin is not None
        try:
            yield str(json.loads(process.stdout.readline())["url"])
        finally:
            process.stdin.close()
            process.wait(10)


def measure(kind: str, url: str, seconds: float, users: int) -> dict[str, Any]:
    """What `loadtests.bench.client` prints."""
    command = [sys.executable, "-m", "loadtests.bench.client", kind, url, str(seconds), str(users), str(CLIENT_CORE)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=seconds * 3 + 60)  # noqa: S603 - ours
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def ratios(console: Console, rounds: int, seconds: float) -> None:
    """The three users in turn, so that a busy machine is busy for all of them; requests per second of CPU, the median."""
    rates: dict[str, list[float]] = {kind: [] for kind in RIVALS}
    with server() as url:
        for _ in range(rounds):
            for kind in RIVALS:
                found = measure(kind, url, seconds, 20)
                rates[kind].append(found["requests"] / found["cpu"])
    http, fast, ours = (statistics.median(rates[kind]) for kind in RIVALS)
    console.print(
        f"requests per CPU second: HttpUser {http:.0f}, bare FastHttpUser {fast:.0f}, ours with validation {ours:.0f}"
    )
    console.print(f"ours / HttpUser          {ours / http:5.2f}   (at least 3)")
    console.print(f"ours / bare FastHttpUser {ours / fast:5.2f}   (at least 0.6)")


def lag(console: Console, rounds: int, seconds: float) -> None:
    """Several rounds, for what else a machine does makes single ones late."""
    with server() as url:
        found = [measure("open", url, seconds, 500) for _ in range(rounds)]
    made = statistics.median(one["requests"] / one["seconds"] for one in found)
    worst = ", ".join(f"{one['lag']['p99'] * 1000:.1f}" for one in found)
    middle = statistics.median(one["lag"]["p99"] for one in found) * 1000
    console.print(f"500 tasks/s on one core: {made:.0f}/s made; lag p99 {middle:.1f} ms (at most 20; rounds: {worst})")


def stall(console: Console, cycles: int) -> None:
    """Who arrives x seconds before a stall of S seconds in every E ends waits x: the share beyond x is (S - x) / E."""
    length, every = 2.0, 10.0
    with server("--stall", str(length), "--every", str(every)) as url:
        arriving = measure("open", url, cycles * every, 100)["latency"]
        waiting = measure("closed", url, cycles * every, 2)["latency"]
    for name, share in (("p99", 0.01), ("p999", 0.001)):
        console.print(
            f"2 s without an answer every 10 s: {name:<4} {arriving[name]:.3f} s; by arithmetic {length - share * every:.3f} s; "
            f"the closed model would say {waiting[name]:.3f} s"
        )


def million(console: Console, count: int) -> None:
    """A reconciliation of generated messages: one lost, one sent twice, one altered in each hundred thousand."""
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
    with TemporaryDirectory() as directory:
        records = Records(Path(directory) / "records.sqlite")
        for first in range(0, count, BATCH):
            numbers = range(first, min(first + BATCH, count))
            records.add_asked(
                (f"lt0be5c4-0-{n}", "send", "12025550123", "d", "accepted", 0.0, f"wamid.{n}", None, None)
                for n in numbers
            )
            records.add_meta(row for n in numbers for row in at_meta(n))
        found = {str(one.kind): one.count for one in reconciliation.at_meta(records) if one.count}
        records.close()
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    console.print(
        f"reconciliation of {count:,} messages: {time.monotonic() - began:.1f} s, {grown / 1024:.0f} MiB more memory, found {found}"
    )


def at_meta(number: int) -> list[tuple[Any, ...]]:
    """What Meta holds of message `number`: nothing of every 100,000th, and some of its neighbours twice or altered."""
    kind = number % 100_000
    if kind == 0:
        return []
    row = (f"lt0be5c4-0-{number}", 2 * number, "12025550123", "e" if kind == 2 else "d", 1, f"wamid.{number}", 0.0, 0.0)  # noqa: PLR2004
    return [row, (row[0], 2 * number + 1, *row[2:])] if kind == 1 else [row]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m loadtests.bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="of the comparison (5)")
    parser.add_argument("--seconds", type=float, default=4.0, metavar="S", help="of each measurement (4)")
    parser.add_argument("--cycles", type=int, default=3, metavar="N", help="stalls to go through (3)")
    parser.add_argument("--messages", type=int, default=1_000_000, metavar="N", help="to reconcile (1,000,000)")
    given = parser.parse_args()
    console = Console(soft_wrap=True, highlight=False)
    ratios(console, given.rounds, given.seconds)
    lag(console, given.rounds, max(8.0, given.seconds))
    stall(console, given.cycles)
    million(console, given.messages)


if __name__ == "__main__":
    main()
