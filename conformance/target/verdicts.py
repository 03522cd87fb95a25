"""The exceptions that decide a check's verdict; what none of them says is an error of the harness."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conformance.target.exchange import Exchange


class Mismatch(AssertionError):  # noqa: N818 - the design's word
    """The target did something else than the clause says. `exchanges` reproduce it; `evidence` are lines from other records."""

    def __init__(self, expected: str, actual: str, *exchanges: Exchange, evidence: Iterable[str] = ()) -> None:
        super().__init__(f"expected {expected}; actual {actual}")
        self.expected, self.actual = expected, actual
        self.exchanges, self.evidence = exchanges, list(evidence)


class NoVerdict(Exception):  # noqa: N818 - the design's word
    """The check's precondition never held, so nothing is known about the clause."""


class Starved(NoVerdict):
    """The target answers nothing but 429: whatever the check wanted to know, it was not told."""


class Lacking(Exception):  # noqa: N818 - reads as the reason it is
    """The target file declares or gives something that this check cannot do without: the clause is skipped."""


class NoAnswerError(Exception):
    """The target gave no usable answer: refused, cut, too slow, too large. Verdict `error`."""

    def __init__(self, exchange: Exchange) -> None:
        super().__init__(f"{exchange.method} {exchange.url}: {exchange.trouble}")
        self.exchange = exchange
