"""What a person reads: a line while it runs, and the verdict at the end, in 80 columns."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

from reports.console import STYLE, wrapped
from reports.results import ExitCode, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from loadtests.verdict.results import Finding, LoadResults

WIDTH = 80
SHOWN_ERRORS = 5
CLOSING = {
    ExitCode.PROVED: ("Every SLO was kept.", "bold green"),
    ExitCode.FINDINGS: ("SLOs were broken.", "bold red"),
    ExitCode.INTERRUPTED: ("Interrupted: kept as far as it went, which proves nothing.", "yellow"),
    ExitCode.UNPROVED: ("Not proved: some SLOs got no verdict.", "yellow"),
}


def progress(second: float, rate: float, p95: float | None, errors: int, left: int, broken: int, slos: int) -> str:
    """The live line: rate in requests a second, p95 in seconds, `left` requests of budget."""
    shown = "   -   " if p95 is None else f"{p95 * 1000:4.0f} ms"
    kept = f"{slos - broken}/{slos} SLOs"
    return f"{second:5.0f} s  {rate:6.1f} req/s  p95 {shown}  {errors} errors  {left} left of keys  {kept}"[:WIDTH]


def render(results: LoadResults, folder: str, *, colour: bool, width: int = WIDTH) -> str:
    """The closing page."""
    buffer = io.StringIO()
    console = Console(
        file=buffer, force_terminal=colour, no_color=not colour, width=width, highlight=False, soft_wrap=True
    )
    _operations(console, results.measurements)
    _slos(console, results, width)
    for error in results.measurements["errors"][:SHOWN_ERRORS]:
        wrapped(
            console, "error      ", f"{error['count']} x {error['operation']}: {error['error']}", width, cut_words=True
        )
    for finding in results.findings:
        _finding(console, finding, width)
    _searched(console, results.measurements["capacity"], width)
    _compared(console, results.measurements["baseline"], width)
    _summary(console, results, folder, width)
    return buffer.getvalue()


def _operations(console: Console, measured: Mapping[str, Any]) -> None:
    console.print(f"{'scenario / operation':<36}{'asked':>8}{'errors':>8}{'p50':>8}{'p95':>8}{'p99':>8}", style="bold")
    for name, row in measured["operations"].items():
        latency = row["latency"]
        times = "".join(f"{_milliseconds(latency[q]):>8}" for q in ("p50", "p95", "p99"))
        console.print(
            f"{name[:36]:<36}{row['asked']:>8}{row['errors']:>8}{times}", style="red" if row["errors"] else None
        )
    for name, row in measured["delays"].items():
        times = "".join(f"{_milliseconds(row[q]):>8}" for q in ("p50", "p95", "p99"))
        console.print(f"{name:<36}{row['count']:>8}{'':>8}{times}", style="dim")
    console.print("milliseconds from the intended start (open model)", style="dim")


def _milliseconds(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds * 1000:.0f}"


def _slos(console: Console, results: LoadResults, width: int) -> None:
    console.print()
    for slo in results.slos:
        if slo.verdict not in {Verdict.PASS, Verdict.SKIP}:
            line = Text().append(f"{slo.verdict:<11}", STYLE[slo.verdict]).append(slo.name, "bold")
            console.print(line)
            wrapped(console, " " * 11, slo.reason, width)


def _finding(console: Console, finding: Finding, width: int) -> None:
    console.print()
    title = f"── {finding.kind}: {finding.count} "
    console.print(Text(title + "─" * max(0, width - len(title)), "red"))
    wrapped(console, "", f"{finding.where}: {finding.meaning}", width)
    if finding.by_scenario:
        wrapped(console, "where      ", ", ".join(f"{n} in {s}" for s, n in finding.by_scenario.items()), width)
    for example in finding.examples[:3]:
        wrapped(console, "example    ", example, width, cut_words=True)


def _searched(console: Console, capacity: Mapping[str, Any] | None, width: int) -> None:
    """A search: every step in the order in which it was tried, and the answer."""
    if capacity is None:
        return
    console.print()
    for step in capacity["steps"]:
        label = f"{step['rate']:>5}/s     "
        wrapped(console, label, "; ".join(step["broken"]) or "held", width, "" if step["held"] else "red")
    wrapped(console, "capacity   ", f"{capacity['highest']} tasks a second kept every SLO", width, "bold")


def _compared(console: Console, beside: Mapping[str, Any] | None, width: int) -> None:
    if beside is None:
        return
    console.print()
    told = [difference["told"] for difference in beside["differences"]] or ["no difference exceeds the noise"]
    for line in told:
        wrapped(console, "baseline   ", line, width)
    wrapped(console, "method     ", beside["method"], width, "dim")


def _summary(console: Console, results: LoadResults, folder: str, width: int) -> None:
    console.print()
    counts = [f"{results.count(v)} {v}" for v in Verdict if results.count(v) or v is Verdict.FAIL]
    wrapped(console, "SLOs       ", f"{' · '.join(counts)}   ({len(results.slos)} in all)", width)
    messages = results.measurements["messages"]
    wrapped(console, "messages   ", f"{messages['accepted']} accepted, {messages['at_meta']} at Meta; "
             f"{messages['written_by_customers']} written in, {messages['events_at_receiver']} at the receiver", width)  # fmt: skip
    audit = results.measurements["audit"]
    looked = f"{audit['conversations']} conversations, {audit['customers']} customers, {audit['broadcasts']} broadcasts"
    wrapped(console, "read back  ", looked, width)
    lag = results.measurements["schedule_lag"]
    wrapped(console, "schedule   ", f"{lag['count']} tasks, lag p99 {_milliseconds(lag['p99'])} ms", width)
    run = f"seed {results.seed} · {results.seconds:.0f} s · {results.requests} requests · {results.waited:.1f} s waited for keys"
    wrapped(console, "run        ", run, width)
    for note in results.notes:
        wrapped(console, "note       ", note, width, "yellow")
    wrapped(console, "report     ", f"{folder}/results.json, locust_*.csv, report.html", width)
    sentence, style = CLOSING[ExitCode(results.exit_code)]
    console.print(Text().append("verdict    ", "dim").append(sentence, style))
