"""The few verifiers. They raise `Mismatch`: the only exception that means "the target broke the clause"."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from conformance.target.verdicts import Mismatch, NoVerdict

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from conformance.target.exchange import Exchange


def requirement(clause: str) -> pytest.MarkDecorator:
    """Tie a check to the clause of `requirements.yaml` that it checks."""
    return pytest.mark.requirement(clause)


def status(exchange: Exchange, *allowed: int) -> Exchange:
    """The answer has one of the statuses."""
    if exchange.status not in allowed:
        raise Mismatch(f"HTTP {' or '.join(map(str, allowed))}", exchange.summary, exchange)
    return exchange


def member(source: dict[str, Any], name: str, *exchanges: Exchange) -> Any:  # noqa: ANN401 - JSON
    """`source[name]`; a Mismatch when the target left it out."""
    if name not in source:
        raise Mismatch(f"a member {name!r}", f"only {', '.join(sorted(source)) or 'no members'}", *exchanges)
    return source[name]


def equal(actual: object, expected: object, what: str, *exchanges: Exchange, evidence: Iterable[str] = ()) -> None:
    """`actual == expected`, of the same JSON type (1 is not true)."""
    same_type = isinstance(actual, bool) == isinstance(expected, bool)
    if actual != expected or not same_type:
        raise Mismatch(f"{what} to be {show(expected)}", show(actual), *exchanges, evidence=evidence)


def same_members(actual: Collection[Any], expected: Collection[Any], what: str, *exchanges: Exchange) -> None:
    """The same values in any order, none twice."""
    missing = [v for v in expected if v not in actual]
    surplus = [v for v in actual if v not in expected]
    doubled = sorted(
        {str(v) for v in actual if list(actual).count(v) > list(expected).count(v)} - {str(v) for v in surplus}
    )
    if missing or surplus or doubled:
        parts = [
            f"{n} {len(v)}: {show(v)}"
            for n, v in (("missing", missing), ("unexpected", surplus), ("twice", doubled))
            if v
        ]
        raise Mismatch(f"{what} to be exactly the {len(expected)} expected", "; ".join(parts), *exchanges)


def that(condition: object, expected: str, actual: str | Callable[[], str], *exchanges: Exchange) -> None:
    """Anything else: a condition, and the two halves of the sentence for when it does not hold."""
    if not condition:
        raise Mismatch(expected, actual if isinstance(actual, str) else actual(), *exchanges)


def precondition(condition: object, missing: str) -> None:
    """Something that the check needs and cannot bring about itself; without it there is no verdict."""
    if not condition:
        raise NoVerdict(missing)


def show(value: object, width: int = 300) -> str:
    """A value as a person wants it in a sentence, cut at `width` characters."""
    text = repr(value)
    return text if len(text) <= width else f"{text[:width]}… ({len(text)} characters)"


def first(items: Sequence[Any], what: str) -> Any:  # noqa: ANN401 - JSON
    """The first item; no verdict when there is none."""
    precondition(items, f"there is no {what}")
    return items[0]
