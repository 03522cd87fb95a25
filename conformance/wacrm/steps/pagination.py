"""Lists as they are walked: page after page along `next_cursor`, and what a walk lost, repeated or showed wrongly."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from conformance.target.expect import show
from conformance.target.verdicts import Mismatch, NoVerdict
from conformance.wacrm.steps.timestamps import instant, is_fine

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from conformance.target.api import Api
    from conformance.target.exchange import Exchange
    from conformance.wacrm.steps.account import Row

MAX_PAGES = 600
"""Pages after which a walk through a list that others write to is given up."""


@dataclass(frozen=True)
class Page:
    """One answered page: its rows, and the cursor of the next one (None on the last)."""

    rows: list[Row]
    cursor: str | None
    exchange: Exchange


@dataclass(frozen=True)
class Walk:
    """The pages of one walk. `trouble` says what ended it when neither the list's end nor the last awaited row did."""

    pages: Sequence[Page]
    ended: bool
    trouble: str | None = None
    broken: Exchange | None = None

    @property
    def rows(self) -> list[Row]:
        return [row for page in self.pages for row in page.rows]

    @property
    def exchanges(self) -> list[Exchange]:
        """The first two pages and the last: enough to see how the list is walked."""
        found = [page.exchange for page in self.pages]
        return [*found[:2], *found[2:][-1:], *([self.broken] if self.broken else [])]


def walk(
    api: Api,
    path: str,
    params: Mapping[str, Any],
    *,
    enough: Callable[[list[Row]], bool] = lambda _rows: False,
    between: Mapping[int, Callable[[], object]] | None = None,
    most: int = MAX_PAGES,
) -> Walk:
    """Walk a list to its end, or until `enough(all rows so far)`. `between[n]` is called after the n-th page."""
    pages: list[Page] = []
    cursors: set[str] = set()
    query = dict(params)
    while len(pages) < most:
        exchange = api.get(path, **query)
        page = page_of(exchange)
        if page is None:
            return Walk(pages, ended=False, trouble=f"a page of the list is {exchange.summary}", broken=exchange)
        pages.append(page)
        if page.cursor is None:
            return Walk(pages, ended=True)
        if page.cursor in cursors or not page.rows:
            return Walk(pages, ended=False, trouble=f"no end: page {len(pages)} has {_endless(page)}")
        if enough([row for each in pages for row in each.rows]):
            return Walk(pages, ended=False)
        cursors.add(page.cursor)
        query["cursor"] = page.cursor
        (between or {}).get(len(pages), _nothing)()
    raise NoVerdict(f"GET {path} has more than {most} pages before the rows that the check is about")


def _endless(page: Page) -> str:
    return "no rows, and a cursor" if not page.rows else "a cursor that an earlier page had"


def _nothing() -> None:
    pass


def page_of(exchange: Exchange) -> Page | None:
    """A 200 list answer as a page; None for any other answer."""
    body = exchange.json()
    inner = body.get("data") if isinstance(body, dict) else None
    if exchange.status != 200 or not isinstance(inner, list):
        return None
    meta = body.get("meta")
    cursor = meta.get("next_cursor") if isinstance(meta, dict) else None
    return Page([row for row in inner if isinstance(row, dict)], cursor or None, exchange)


@dataclass(frozen=True)
class View:
    """A list under a filter, and the rows that it must show.

    `key` tells rows apart by what is known of them without a list. `stamps` has the `created_at` of every awaited row, by
    key, as far as it is known. `closed`: nothing but the awaited rows belongs to it; else others may write to it.
    `holds`: whether a row belongs to it by its filter.
    """

    name: str
    path: str
    params: Mapping[str, Any]
    stamps: dict[str, str]
    closed: bool
    key: Callable[[Row], str]
    holds: Callable[[Row], bool] = lambda _row: True
    _walks: dict[int, Walk] = field(default_factory=dict)

    @property
    def ties(self) -> int:
        """How many awaited rows share their instant with another one, as far as their times are known."""
        return sum(count for count in Counter(filter(None, self.stamps.values())).values() if count > 1)

    @property
    def fine(self) -> bool:
        """Whether times are told finer than in milliseconds, so that hardly two rows share one."""
        return any(is_fine(stamp) for stamp in self.stamps.values())

    def walk(self, api: Api, limit: int) -> Walk:
        """The walk with this page size; walked once, then remembered."""
        if limit not in self._walks:
            self._walks[limit] = walk(api, self.path, {**self.params, "limit": limit}, enough=self.passed)
            self._learn(self._walks[limit])
        return self._walks[limit]

    def passed(self, rows: list[Row]) -> bool:
        """Whether a walk through an open list is past the oldest awaited row; a closed one goes on to its end."""
        if self.closed and all(self.holds(row) for row in rows[-1:]):
            return False
        oldest = min(instant(stamp) for stamp in self.stamps.values() if stamp)
        return bool(rows) and instant(rows[-1].get("created_at")) < oldest

    def _learn(self, walked: Walk) -> None:
        """An awaited row whose time was unknown has one once a walk has shown it."""
        for row in walked.rows:
            if self.stamps.get(self.key(row)) == "":
                self.stamps[self.key(row)] = str(row.get("created_at"))

    def losses(self, walked: Walk) -> Losses:
        seen = [(self.key(row), str(row.get("created_at"))) for row in walked.rows]
        return losses(self._reached(walked, dict(seen)), seen, _edges(walked))

    def _reached(self, walked: Walk, seen: Mapping[str, str]) -> dict[str, str]:
        """The awaited rows without those that are older than where a walk broke off: that it did is another matter."""
        if walked.trouble is None or not walked.rows:
            return self.stamps
        last = instant(walked.rows[-1].get("created_at"))
        return {key: at for key, at in self.stamps.items() if key in seen or (at and instant(at) >= last)}


def _edges(walked: Walk) -> set[str]:
    """The times of the rows that pages end with."""
    return {str(page.rows[-1].get("created_at")) for page in walked.pages if page.rows}


@dataclass(frozen=True)
class Losses:
    """What a walk did not show, or showed again.

    `tied` rows share their instant with another row at a page's edge (PAGE-05); the others have no such excuse (PAGE-03).
    """

    lost: list[str]
    repeated: list[str]
    tied: list[str]

    @property
    def untied(self) -> list[str]:
        return [key for key in (*self.lost, *self.repeated) if key not in self.tied]

    def __str__(self) -> str:
        named = (("never shown", self.lost), ("shown again", self.repeated))
        return "; ".join(f"{len(keys)} {what}: {show(keys)}" for what, keys in named if keys)


def losses(awaited: Mapping[str, str], seen: Sequence[tuple[str, str]], edges: set[str]) -> Losses:
    """Compare what a walk showed, (key, created_at) in order, with the awaited rows' created_at by key.

    `edges` are the times of the rows that pages ended with.
    """
    times = Counter(key for key, _ in seen)
    known = {**dict(seen), **{key: stamp for key, stamp in awaited.items() if stamp}}
    company = Counter(known.values())
    lost = [key for key in awaited if not times[key]]
    repeated = [key for key, count in times.items() if count > 1]
    tied = [key for key in (*lost, *repeated) if known.get(key) in edges and company[known[key]] > 1]
    return Losses(lost, repeated, tied)


def misplaced(rows: Sequence[Row]) -> str | None:
    """The first two neighbours that do not stand newest first by `(created_at, id)`; None when all do (PAGE-02).

    Neighbours of one printed time are judged by id only where that time is finer than milliseconds, or where every one of
    many such pairs stands the wrong way round: a coarse print of a finer time looks like a mixture.
    """
    wrong, right = [], 0
    for above, below in pairwise(rows):
        first, second = instant(above.get("created_at")), instant(below.get("created_at"))
        if first < second:
            return f"{_place(above)} stands before {_place(below)}"
        if first == second and str(above.get("id")) <= str(below.get("id")):
            wrong.append((above, below))
        right += first == second
    return _wrong_ties(wrong, right)


MANY_TIES = 10
"""So many ties that all stand the wrong way round are no chance: 1 in 1024."""


def _wrong_ties(wrong: Sequence[tuple[Row, Row]], ties: int) -> str | None:
    certain = [pair for pair in wrong if is_fine(str(pair[0].get("created_at")))]
    if not certain and not (len(wrong) == ties >= MANY_TIES):
        return None
    above, below = (certain or wrong)[0]
    return f"{_place(above)} stands before {_place(below)}, of the same instant and with the greater id"


def _place(row: Row) -> str:
    return f"{row.get('id')} of {row.get('created_at')}"


def whole(walked: Walk) -> Walk:
    """The walk, where no page failed; a Mismatch else."""
    if walked.trouble is not None:
        raise Mismatch("every page along next_cursor, to a last one", walked.trouble, *walked.exchanges)
    return walked
