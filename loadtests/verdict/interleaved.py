"""Two targets side by side, in turns: what one machine's mood does to a run, it does to both of them.

    python -m loadtests.verdict.interleaved --one "--target a.toml" --other "--target b.toml" --rounds 3 -- -u 20 -t 30s

Every round loads one target and then the other with the same seed; slices of all rounds are compared (`comparison.py`).
"""

from __future__ import annotations

import argparse
import json
import shlex
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from loadtests.verdict import comparison
from reports.results import ExitCode

if TYPE_CHECKING:
    from collections.abc import Sequence

Timeline = list[dict[str, Any]]


class RunError(Exception):
    """One of the runs wrote no results."""


def load(arguments: Sequence[str], seed: int) -> Timeline:
    """The timeline of one load test, in a process of its own. Raises RunError."""
    with TemporaryDirectory(prefix="wacrm-interleaved-") as out:
        command = [sys.executable, "-m", "loadtests", "--seed", str(seed), "--out", out, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)  # noqa: S603 - ours
        written = list(Path(out).glob("*/results.json"))
        if not written:
            raise RunError(f"{shlex.join(arguments)}: {(done.stderr or done.stdout).strip()}")
        return comparison.load(written[0])


def compare(one: Sequence[str], other: Sequence[str], rounds: int, seed: int) -> list[comparison.Difference]:
    """Load both in turns, and say what differs. Raises RunError."""
    first: Timeline = []
    second: Timeline = []
    for number in range(rounds):
        first += load(one, seed + number)
        second += load(other, seed + number)
    return comparison.compare(first, second)


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when no difference exceeds the noise, 1 when some do."""
    parser = argparse.ArgumentParser(
        prog="python -m loadtests.verdict.interleaved",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--one", default="", metavar="ARGS", help="arguments of the one side, such as its --target")
    parser.add_argument("--other", required=True, metavar="ARGS", help="arguments of the other side")
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="of both in turn (3)")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of the first round (1)")
    parser.add_argument("common", nargs="*", metavar="-- ARGS", help="arguments of both, such as -u, -t, --scenario")
    given = parser.parse_args(arguments)
    sides = [[*shlex.split(side), *given.common] for side in (given.one, given.other)]
    try:
        found = compare(sides[0], sides[1], given.rounds, given.seed)
    except RunError as error:
        sys.stderr.write(f"{error}\n")
        return ExitCode.SETUP
    told = [one for one in found if one.exceeds_noise]
    summary = {"method": comparison.METHOD, "compared": len(found), "differences": [one.as_json() for one in told]}
    sys.stderr.write("".join(f"{one}\n" for one in told) or "no difference exceeds the noise\n")
    sys.stdout.write(json.dumps(summary, indent=1) + "\n")
    return ExitCode.FINDINGS if told else ExitCode.PROVED


if __name__ == "__main__":
    sys.exit(main())
