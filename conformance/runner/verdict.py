"""The one place where what happened in a check becomes a verdict, and a mismatch a finding."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import pytest

from conformance.target.verdicts import Lacking, Mismatch, NoAnswerError, NoVerdict
from reports.results import Verdict

if TYPE_CHECKING:
    from conformance.target.exchange import Exchange
    from conformance.target.probe import Probe

NAMES = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}|(?<=\+)\d{7,15}|hx[0-9a-f]{16}")
CONTEXT = 4
"""Writes before the deciding exchange that a finding shows, newest kept."""


def decide(error: BaseException) -> tuple[Verdict, str]:
    """The verdict, and why."""
    match error:
        case Mismatch():
            return Verdict.FAIL, f"expected {error.expected}; actual {error.actual}"
        case NoVerdict():
            return Verdict.NO_VERDICT, str(error)
        case Lacking() | pytest.skip.Exception():
            return Verdict.SKIP, str(error)
        case NoAnswerError():
            return Verdict.ERROR, f"the target gave no usable answer: {error}"
        case _:
            return Verdict.ERROR, f"{type(error).__name__}: {error}"


def finding(mismatch: Mismatch, probe: Probe | None) -> dict[str, Any]:
    """A mismatch as data: its exchanges, after the writes that led to them."""
    shown = [e for n, e in enumerate(mismatch.exchanges) if e not in mismatch.exchanges[:n]]
    trail: list[Exchange] = list(probe.trail) if probe is not None else []
    exchanges = [*led_to(shown, trail)[-CONTEXT:], *shown] if shown else trail[-CONTEXT:]
    records = [vars(exchange.recorded()) for exchange in exchanges]
    return {
        "expected": mismatch.expected,
        "actual": mismatch.actual,
        "exchanges": records,
        "evidence": mismatch.evidence,
    }


def operation(error: BaseException, probe: Probe | None) -> str:
    """The request that decided, as `GET /contacts/123`: a mismatch's last one, else the last one that was sent."""
    exchanges = error.exchanges if isinstance(error, Mismatch) else list(probe.trail)[-1:] if probe is not None else []
    if not exchanges:
        return ""
    prefix = urlsplit(probe.base_url).path if probe is not None else ""
    return f"{exchanges[-1].method} {urlsplit(exchanges[-1].url).path.removeprefix(prefix)}"


def led_to(shown: list[Exchange], trail: list[Exchange]) -> list[Exchange]:
    """Writes before the deciding exchange that name what it names: an id, a telephone number, a marker of the run."""
    names = {name for exchange in shown for name in NAMES.findall(unquote(exchange.url) + exchange.sent)}
    before = [e for e in trail if e.method != "GET" and e not in shown and e.at <= shown[0].at]
    return [e for e in before if names & set(NAMES.findall(e.url + e.sent + e.text))]
