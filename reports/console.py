"""The run as a person reads it at the end: clauses in trouble, findings with their reproduction, a summary."""

from __future__ import annotations

import io
import re
import textwrap
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

from reports.results import ExitCode, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reports.results import ClauseResult, ExchangeRecord, Finding, Results

STYLE = {
    Verdict.PASS: "green", Verdict.FAIL: "bold red", Verdict.SKIP: "dim", Verdict.NO_VERDICT: "yellow",
    Verdict.ERROR: "bold magenta", Verdict.ACCEPTED: "yellow",
}  # fmt: skip
LEVEL = {"M": "must", "S": "should", "I": "info"}
UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
"""What a target's answer may hold and a terminal must not get: controls (ANSI sequences among them), lone surrogates."""
CURL_SHOWN = 1200
ANSWER_LINES = 3
FINDINGS_PER_CLAUSE = 3
NOTHING_CHECKED = ("Nothing was checked: the selection matches no check.", "yellow")
NO_LONGER_SHOWS = ("An accepted finding no longer shows: remove its entry from the baseline.", "bold red")
NOTHING_NEW = ("Nothing is red that was not red before.", "bold green")
CLOSING = {
    ExitCode.PROVED: ("The contract holds, as far as it was checked.", "bold green"),
    ExitCode.FINDINGS: ("The contract is broken.", "bold red"),
    ExitCode.INTERRUPTED: ("Interrupted: what was not reached is not checked.", "yellow"),
    ExitCode.UNPROVED: ("Not proved: some clauses got no verdict.", "yellow"),
}


def render(results: Results, folder: str, *, colour: bool, width: int) -> str:
    """The report as text, with ANSI colours where wanted."""
    buffer = io.StringIO()
    console = Console(
        file=buffer, force_terminal=colour, no_color=not colour, width=width, highlight=False, soft_wrap=True
    )
    _troubles(console, results, width)
    _findings(console, results, width)
    _measured(console, results, width)
    _summary(console, results, folder, width)
    return buffer.getvalue()


def _plain(text: str) -> str:
    return UNPRINTABLE.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


def _troubles(console: Console, results: Results, width: int) -> None:
    """One line per clause in trouble; skipped ones are gathered by their reason."""
    troubled = [c for c in results.clauses if c.verdict not in {Verdict.PASS, Verdict.SKIP}]
    for clause in troubled:
        text = clause.sentence if clause.verdict is Verdict.FAIL else clause.reason
        line = Text().append(f"{clause.verdict:<11}", STYLE[clause.verdict])
        line.append(f"{clause.id:<10} ", "bold")
        line.append(textwrap.shorten(_plain(text), max(20, width - 23), placeholder=" …"), "")
        console.print(line)
    skipped: dict[str, list[str]] = {}
    for clause in results.clauses:
        if clause.verdict is Verdict.SKIP:
            skipped.setdefault(clause.reason, []).append(clause.id)
    for reason, ids in skipped.items():
        wrapped(console, f"{'skip':<11}", f"{', '.join(ids)}: {reason}", width, "dim")
    for clause in results.clauses:
        for reason, number in clause.skipped.items():
            wrapped(console, f"{'skip':<11}", f"{_checks(number)} of {clause.id}: {reason}", width, "dim")


def _checks(number: int) -> str:
    return f"{number} check{'s' if number != 1 else ''}"


def _findings(console: Console, results: Results, width: int) -> None:
    sentences = {clause.id: clause for clause in results.clauses}
    by_clause: dict[str, list[Finding]] = {}
    for finding in results.findings:
        by_clause.setdefault(finding.clause, []).append(finding)
    for id_, findings in by_clause.items():
        _heading(console, sentences[id_], width)
        for finding in findings[:FINDINGS_PER_CLAUSE]:
            _finding(console, finding, width)
        if len(findings) > FINDINGS_PER_CLAUSE:
            console.print(
                f"  and {len(findings) - FINDINGS_PER_CLAUSE} more findings of this clause in results.json", style="dim"
            )
    if by_clause:
        console.print()
        console.print(
            Text()
            .append("again      ", "dim")
            .append(f"nox -s gate -- --clause {','.join(by_clause)} --seed {results.seed}", "")
        )
        wrapped(console, "curl lines ", _exports(results), width, "dim")


def _exports(results: Results) -> str:
    if results.target["embedded"]:
        return "nox -s reference starts such a deployment and prints the export lines they need"
    return f"export WACRM_URL={str(results.target['url']).removesuffix('/api/v1')} WACRM_KEY=<a key with every scope>"


def _heading(console: Console, clause: ClauseResult, width: int) -> None:
    console.print()
    title = f"── {clause.id} ({LEVEL[clause.level]}) "
    console.print(Text(title + "─" * max(0, width - len(title)), "red"))
    wrapped(console, "", clause.sentence, width, "bold")


def _finding(console: Console, finding: Finding, width: int) -> None:
    wrapped(console, "check      ", finding.check, width, "dim")
    wrapped(console, "expected   ", finding.expected, width)
    wrapped(console, "actual     ", finding.actual, width)
    for line in finding.evidence:
        wrapped(console, "evidence   ", line, width)
    for exchange in finding.exchanges:
        _exchange(console, exchange, width)


def _exchange(console: Console, exchange: ExchangeRecord, width: int) -> None:
    line = _plain(exchange.curl)
    shown = line if len(line) <= CURL_SHOWN else f"{line[:CURL_SHOWN]}… (whole in results.json)"
    console.print(Text().append("  $ ", "dim").append(shown, "cyan"))
    answer = exchange.trouble or f"{exchange.status} {exchange.body}"
    room = ANSWER_LINES * (width - 4)
    wrapped(console, "    ", answer if len(answer) <= room else f"{answer[: room - 1]}…", width, "dim", cut_words=True)


def _measured(console: Console, results: Results, width: int) -> None:
    """What is told whatever the verdicts: one entry per clause that measured something, its finding or its figures."""
    told = {clause: _said(measured) for clause, measured in results.measurements.items()}
    if any(told.values()):
        console.print()
    for clause, text in told.items():
        if text:
            wrapped(console, "measured   ", f"{clause}: {text}", width)


def _said(measured: Mapping[str, Any]) -> str:
    """A clause's finding in words, or else its times and rates; nothing of what only a picture shows."""
    if "finding" in measured:
        return str(measured["finding"])
    units = {"_seconds": "s", "_per_second": "per second"}
    figures = [
        f"{name.removesuffix(suffix).replace('_', ' ')} {value:g} {unit}"
        for name, value in measured.items()
        for suffix, unit in units.items()
        if name.endswith(suffix) and isinstance(value, int | float)
    ]
    return ", ".join(figures)


def _summary(console: Console, results: Results, folder: str, width: int) -> None:
    console.print()
    counts = [
        f"{results.count(verdict)} {verdict}"
        for verdict in Verdict
        if results.count(verdict) or verdict is Verdict.FAIL
    ]
    wrapped(console, "clauses    ", f"{' · '.join(counts)}   ({_extent(results)})", width)
    run = f"seed {results.seed} · {results.seconds:.0f} s · {results.requests} requests · {results.waited:.0f} s waited for limits"
    wrapped(console, "run        ", run, width)
    for note in results.notes:
        wrapped(console, "note       ", note, width, "yellow")
    wrapped(console, "report     ", f"{folder}/results.json, junit.xml, checks.jsonl", width)
    sentence, style = _closing(results)
    console.print(Text().append("verdict    ", "dim").append(sentence, style))


def _closing(results: Results) -> tuple[str, str]:
    code = ExitCode(results.exit_code)
    if code is ExitCode.UNPROVED and not results.clauses:
        return NOTHING_CHECKED
    if code is ExitCode.FINDINGS and not results.count(Verdict.FAIL):
        return NO_LONGER_SHOWS
    red = sum(map(results.count, (Verdict.FAIL, Verdict.ERROR, Verdict.NO_VERDICT)))
    return NOTHING_NEW if code is ExitCode.PROVED and red else CLOSING[code]


def _extent(results: Results) -> str:
    """`43 in all, 2 not checked, 5 checks skipped`"""
    if not results.clauses:
        return "none"
    unchecked = len(results.clauses) - results.checked
    parts = [f"{len(results.clauses)} in all", f"{unchecked} not checked" if unchecked else "all checked"]
    if results.checks_skipped:
        parts.append(f"{_checks(results.checks_skipped)} skipped")
    return ", ".join(parts)


def wrapped(console: Console, label: str, text: str, width: int, style: str = "", *, cut_words: bool = False) -> None:
    """`text` after its label, in lines of `width`, without what a terminal must not get. Words stay whole unless cut."""
    room = max(20, width - len(label))
    line = " ".join(_plain(text).split())
    lines = textwrap.wrap(line, room, break_long_words=cut_words, break_on_hyphens=False)
    for number, part in enumerate(lines or [""]):
        console.print(Text().append(label if number == 0 else " " * len(label), "dim").append(part, style))
