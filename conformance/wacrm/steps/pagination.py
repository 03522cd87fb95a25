"""Lists as they are walked: page after page along `next_cursor`, and what a walk lost, repeated or showed wrongly."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from conformance.target.expect import NoVerdict, precondition, show
from conformance.wacrm.steps.timestamps import is_sub_millisecond, parse_timestamp

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from conformance.target.probe import Api, Exchange
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
class Pagination:
    """The pages of one walk. `problem` says what ended it when neither the list's end nor the last awaited row did."""

    pages: Sequence[Page]
    ended: bool
    problem: str | None = None
    failed: Exchange | None = None

    @property
    def rows(self) -> list[Row]:
        return [row for page in self.pages for row in page.rows]

    @property
    def exchanges(self) -> list[Exchange]:
        """The first two pages and the last: enough to see how the list is walked."""
        found = [page.exchange for page in self.pages]
        return [*found[:2], *found[2:][-1:], *([self.failed] if self.failed else [])]


def paginate(
    api: Api,
    path: str,
    params: Mapping[str, Any],
    *,
    stop_when: Callable[[list[Row]], bool] = lambda _rows: False,
    between: Mapping[int, Callable[[], object]] | None = None,
    most: int = MAX_PAGES,
) -> Pagination:
    """Walk a list to its end, or until `stop_when(all rows so far)`. `between[n]` is called after the n-th page."""
    pages: list[Page] = []
    cursors: set[str] = set()
    query = dict(params)
    while len(pages) < most:
        exchange = api.get(path, **query)
        page = page_of(exchange)
        if page is None:
            return Pagination(pages, ended=False, problem=f"a page of the list is {exchange.summary}", failed=exchange)
        pages.append(page)
        if page.cursor is None:
            return Pagination(pages, ended=True)
        if page.cursor in cursors or not page.rows:
            return Pagination(pages, ended=False, problem=f"no end: page {len(pages)} has {_why_endless(page)}")
        if stop_when([row for each in pages for row in each.rows]):
            return Pagination(pages, ended=False)
        cursors.add(page.cursor)
        query["cursor"] = page.cursor
        (between or {}).get(len(pages), _nothing)()
    raise NoVerdict(f"GET {path} has more than {most} pages before the rows that the check is about")


def _why_endless(page: Page) -> str:
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

    `key` tells rows apart by what is known of them without a list. `timestamps` has the `created_at` of every awaited row, by
    key, as far as it is known. `exclusive`: nothing but the awaited rows belongs to it; else others may write to it.
    `matches`: whether a row belongs to it by its filter.
    """

    name: str
    path: str
    params: Mapping[str, Any]
    timestamps: dict[str, str]
    exclusive: bool
    key: Callable[[Row], str]
    matches: Callable[[Row], bool] = lambda _row: True
    _paginations: dict[int, Pagination] = field(default_factory=dict)

    @property
    def ties(self) -> int:
        """How many awaited rows share their instant with another one, as far as their times are known."""
        return sum(count for count in Counter(filter(None, self.timestamps.values())).values() if count > 1)

    @property
    def sub_millisecond(self) -> bool:
        """Whether times are told finer than in milliseconds, so that hardly two rows share one."""
        return any(is_sub_millisecond(stamp) for stamp in self.timestamps.values())

    def paginate(self, api: Api, limit: int) -> Pagination:
        """The walk with this page size; walked once, then remembered."""
        if limit not in self._paginations:
            self._paginations[limit] = paginate(
                api, self.path, {**self.params, "limit": limit}, stop_when=self.is_past_oldest
            )
            self._learn_timestamps(self._paginations[limit])
        return self._paginations[limit]

    def is_past_oldest(self, rows: list[Row]) -> bool:
        """Whether a walk through an open list is past the oldest awaited row; a closed one goes on to its end."""
        if self.exclusive and all(self.matches(row) for row in rows[-1:]):
            return False
        oldest = min(parse_timestamp(stamp) for stamp in self.timestamps.values() if stamp)
        return bool(rows) and parse_timestamp(rows[-1].get("created_at")) < oldest

    def _learn_timestamps(self, pagination: Pagination) -> None:
        """An awaited row whose time was unknown has one once a walk has shown it."""
        for row in pagination.rows:
            if self.timestamps.get(self.key(row)) == "":
                self.timestamps[self.key(row)] = str(row.get("created_at"))

    def missed_rows(self, pagination: Pagination) -> MissedRows:
        seen = [(self.key(row), str(row.get("created_at"))) for row in pagination.rows]
        return missed_rows(self._expected_up_to(pagination, dict(seen)), seen, _page_ends(pagination))

    def _expected_up_to(self, pagination: Pagination, seen: Mapping[str, str]) -> dict[str, str]:
        """The awaited rows without those that are older than where a walk broke off: that it did is another matter."""
        if pagination.problem is None or not pagination.rows:
            return self.timestamps
        last = parse_timestamp(pagination.rows[-1].get("created_at"))
        return {key: at for key, at in self.timestamps.items() if key in seen or (at and parse_timestamp(at) >= last)}


def _page_ends(pagination: Pagination) -> set[str]:
    """The times of the rows that pages end with."""
    return {str(page.rows[-1].get("created_at")) for page in pagination.pages if page.rows}


@dataclass(frozen=True)
class MissedRows:
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


def missed_rows(awaited: Mapping[str, str], seen: Sequence[tuple[str, str]], page_ends: set[str]) -> MissedRows:
    """Compare what a walk showed, (key, created_at) in order, with the awaited rows' created_at by key.

    `page_ends` are the times of the rows that pages ended with.
    """
    times = Counter(key for key, _ in seen)
    known = {**dict(seen), **{key: stamp for key, stamp in awaited.items() if stamp}}
    sharing = Counter(known.values())
    lost = [key for key in awaited if not times[key]]
    repeated = [key for key, count in times.items() if count > 1]
    tied = [key for key in (*lost, *repeated) if known.get(key) in page_ends and sharing[known[key]] > 1]
    return MissedRows(lost, repeated, tied)


def out_of_order(rows: Sequence[Row]) -> str | None:
    """The first two neighbours that do not stand newest first by `(created_at, id)`; None when all do (PAGE-02).

    Neighbours of one printed time are judged by id only where that time is finer than milliseconds, or where every one of
    many such pairs stands the wrong way round: a coarse print of a finer time looks like a mixture.
    """
    wrong, right = [], 0
    for above, below in pairwise(rows):
        first, second = parse_timestamp(above.get("created_at")), parse_timestamp(below.get("created_at"))
        if first < second:
            return f"{_describe(above)} stands before {_describe(below)}"
        if first == second and str(above.get("id")) <= str(below.get("id")):
            wrong.append((above, below))
        right += first == second
    return _wrong_ties(wrong, right)


MANY_TIES = 10
"""So many ties that all stand the wrong way round are no chance: 1 in 1024."""


def _wrong_ties(wrong: Sequence[tuple[Row, Row]], ties: int) -> str | None:
    certain = [pair for pair in wrong if is_sub_millisecond(str(pair[0].get("created_at")))]
    if not certain and not (len(wrong) == ties >= MANY_TIES):
        return None
    above, below = (certain or wrong)[0]
    return f"{_describe(above)} stands before {_describe(below)}, of the same instant and with the greater id"


def _describe(row: Row) -> str:
    return f"{row.get('id')} of {row.get('created_at')}"


def readable_page(api: Api, view: View, **params: Any) -> Page:  # noqa: ANN401 - query values
    """One page of a view; no verdict where it cannot be read, for then there is nothing to judge."""
    exchange = api.get(view.path, **{**view.params, **params})
    page = page_of(exchange)
    precondition(page, f"GET {view.path} cannot be read: {exchange.summary}")
    assert page is not None
    return page


def rows_if_any(exchange: Exchange) -> list[dict[str, Any]]:
    page = page_of(exchange)
    return [] if page is None else page.rows
