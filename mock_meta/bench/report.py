"""Measurements as lines, each beside what is promised. Nothing is measured here."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from mock_meta.bench.ceiling import RATE, Ceiling
from mock_meta.bench.million import Slice
from mock_meta.bench.versus import Turn, Versus

SENDS = 1.8
STATUSES, STATUSES_OF_OTHERS = 2.0, 3.0
"""Against the plain mock, for the same CPU; against another that listens (`--rival`), in sends a second."""
P99, P999, LATE = 0.025, 0.1, 0.25
EACH, FLAT, BOUND = 1024, 1.5, 64
_THREE = 3.0


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence; ``kept`` None when nothing is promised about it."""

    text: str
    kept: bool | None = None

    def __str__(self) -> str:
        return f"{ {None: '    ', True: 'ok  ', False: 'MISS'}[self.kept] } {self.text}"


def sends(found: Versus) -> list[Line]:
    return [
        Line("sends alone, full validation and ledger"),
        *_turns(found),
        *_ratios(found, SENDS, SENDS),
    ]


def statuses(found: Versus) -> list[Line]:
    arrived = min(one.statuses for one in found.ours)
    return [
        Line("sends with three signed statuses each, batched, to a local sink; the rival with its one"),
        *_turns(found),
        *_ratios(found, STATUSES, STATUSES_OF_OTHERS),
        Line(f"{arrived:.2f} statuses arrived for each of our sends (3)", arrived == _THREE),
    ]


def _ratios(found: Versus, least: float, least_by_time: float) -> list[Line]:
    by_time = Line(f"{found.by_time:.2f} x the rival's sends a second")
    if found.by_cpu is None:
        return [Line(f"{by_time.text} (at least {least_by_time})", found.by_time >= least_by_time)]
    return [by_time, Line(f"{found.by_cpu:.2f} x as many for the same CPU (at least {least})", found.by_cpu >= least)]


def _turns(found: Versus) -> list[Line]:
    return [_middle("mock_meta", found.ours), _middle("rival", found.theirs)]


def _middle(name: str, turns: Sequence[Turn]) -> Line:
    rate, cost, p99 = (median(getattr(one, part) for one in turns) for part in ("rate", "cost", "p99"))
    spent = "" if math.isnan(cost) else f"  {cost:6.1f} us CPU each"
    return Line(f"{name:10} {rate:7.0f}/s  p99 {p99:6.1f} ms{spent}")


def ceiling(found: Ceiling, batch: int) -> list[Line]:
    load = found.sends
    p99, p999 = load.percentile(0.99), load.percentile(0.999)
    return [
        Line(f"{RATE:.0f} sends/s for {load.seconds:.0f} s (open model), {batch} status{'es' * (batch > 1)} a POST"),
        Line(
            f"{len(load.latencies)} sends, {found.statuses} statuses in {found.posts} POSTs, {found.busy:.0%} of a core"
        ),
        Line(f"sends p99 {p99 * 1e3:.1f} ms (at most {P99 * 1e3:.0f})", p99 <= P99),
        Line(f"sends p99.9 {p999 * 1e3:.1f} ms (at most {P999 * 1e3:.0f})", p999 <= P999),
        Line(f"statuses p99 {found.late_p99 * 1e3:.1f} ms past due (at most {LATE * 1e3:.0f})", found.late_p99 <= LATE),
        Line(
            f"lost {found.lost}, twice {found.twice}, client, sink and ledger disagree on {found.unproven}, "
            f"wrong signatures {found.forged}",
            not (found.lost or found.twice or found.unproven or found.forged),
        ),
    ]


def growth(slices: Sequence[Slice], name: str, *, bounded: bool) -> list[Line]:
    """In memory a message may cost ``EACH`` bytes; with a file, all of them together ``BOUND`` MiB."""
    last = slices[-1]
    half = len(slices) // 2
    early, late = (median(one.cost for one in part) for part in (slices[:half], slices[half:]))
    total = last.bytes_each * last.messages / (1 << 20)
    memory = (
        Line(f"{total:.0f} MiB more after {last.messages} messages (at most {BOUND})", total <= BOUND)
        if bounded
        else Line(f"{last.bytes_each:.0f} bytes a message (at most {EACH})", last.bytes_each <= EACH)
    )
    return [
        Line(f"{last.messages} messages to as many people, {name}"),
        *(
            Line(f"{one.messages:9} {one.bytes_each:5.0f} bytes each  {one.cost:5.1f} us  p99.9 {one.p999:5.1f} ms")
            for one in slices
        ),
        memory,
        Line(f"time a message, second half by first: {late / early:.2f} (at most {FLAT})", late / early <= FLAT),
    ]
