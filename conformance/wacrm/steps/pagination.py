"""Following `next_cursor` through a list: the pages, and the rows that were missing, repeated or out of order."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from conformance.target.expect import precondition, show
from conformance.target.verdicts import NoVerdict
from conformance.wacrm.steps.timestamps import is_sub_millisecond, parse_timestamp

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from conformance.target.api import Api
    from conformance.target.exchange import Exchange
    from conformance.wacrm.steps.account import Row

MAX_PAGES = 600
"""Pages after which following a list that others write to is given up."""


@dataclass(frozen=True)
class Page:
    """One answered page: its rows, and the cursor of the next one (None on the last)."""

    rows: list[Row]
    cursor: str | None
    exchange: Exchange


@dataclass(frozen=True)
class Pagination:
    """The pages that were read. `problem` says why reading ended before the last page or the last expected row."""

    pages: Sequence[Page]
    ended: bool
    problem: str | None = None
    failed: Exchange | None = None

    @property
    def rows(self) -> list[Row]:
        return [row for page in self.pages for row in page.rows]

    @property
    def exchanges(self) -> list[Exchange]:
        """The first two pages and the last one."""
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
    """Follow `next_cursor` to the end, or until `stop_when(all rows so far)`. `between[n]` is called after the n-th
    page.
    """
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
    """A list with a filter, and the rows that it must show.

    `key` identifies a row by what is known without reading the list. `timestamps` has the `created_at` of every
    expected row by key, empty while unknown. `exclusive`: no other rows belong to the list; otherwise others may
    write to it. `matches`: whether a row satisfies the filter.
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
        """How many expected rows share their `created_at` with another one, as far as known."""
        return sum(count for count in Counter(filter(None, self.timestamps.values())).values() if count > 1)

    @property
    def sub_millisecond(self) -> bool:
        """Whether timestamps are finer than milliseconds, so that hardly two rows share one."""
        return any(is_sub_millisecond(stamp) for stamp in self.timestamps.values())

    def paginate(self, api: Api, limit: int) -> Pagination:
        """The pagination with this page size, read once."""
        if limit not in self._paginations:
            self._paginations[limit] = paginate(
                api, self.path, {**self.params, "limit": limit}, stop_when=self.is_past_oldest
            )
            self._learn_timestamps(self._paginations[limit])
        return self._paginations[limit]

    def is_past_oldest(self, rows: list[Row]) -> bool:
        """Whether reading is past the oldest expected row; an exclusive list is read to its end."""
        if self.exclusive and all(self.matches(row) for row in rows[-1:]):
            return False
        oldest = min(parse_timestamp(stamp) for stamp in self.timestamps.values() if stamp)
        return bool(rows) and parse_timestamp(rows[-1].get("created_at")) < oldest

    def _learn_timestamps(self, pagination: Pagination) -> None:
        """Record the `created_at` of expected rows once they have been shown."""
        for row in pagination.rows:
            if self.timestamps.get(self.key(row)) == "":
                self.timestamps[self.key(row)] = str(row.get("created_at"))

    def missed_rows(self, pagination: Pagination) -> MissedRows:
        seen = [(self.key(row), str(row.get("created_at"))) for row in pagination.rows]
        return missed_rows(self._expected_up_to(pagination, dict(seen)), seen, _page_ends(pagination))

    def _expected_up_to(self, pagination: Pagination, seen: Mapping[str, str]) -> dict[str, str]:
        """The expected rows without those older than the row at which reading broke off: PAGE-03 reports that."""
        if pagination.problem is None or not pagination.rows:
            return self.timestamps
        last = parse_timestamp(pagination.rows[-1].get("created_at"))
        return {key: at for key, at in self.timestamps.items() if key in seen or (at and parse_timestamp(at) >= last)}


def _page_ends(pagination: Pagination) -> set[str]:
    """The `created_at` of the last row of each page."""
    return {str(page.rows[-1].get("created_at")) for page in pagination.pages if page.rows}


@dataclass(frozen=True)
class MissedRows:
    """Rows that were never shown, or shown more than once.

    `tied` rows share their `created_at` with another row at the end of a page (PAGE-05); the others are findings of
    PAGE-03.
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
    """Compare the rows shown, (key, created_at) in order, with the expected rows' created_at by key.

    `page_ends` are the timestamps of the last rows of pages.
    """
    times = Counter(key for key, _ in seen)
    known = {**dict(seen), **{key: stamp for key, stamp in awaited.items() if stamp}}
    sharing = Counter(known.values())
    lost = [key for key in awaited if not times[key]]
    repeated = [key for key, count in times.items() if count > 1]
    tied = [key for key in (*lost, *repeated) if known.get(key) in page_ends and sharing[known[key]] > 1]
    return MissedRows(lost, repeated, tied)


def out_of_order(rows: Sequence[Row]) -> str | None:
    """The first two adjacent rows that are not newest first by `(created_at, id)`; None when all are (PAGE-02).

    Rows with the same printed timestamp are compared by id only if it is finer than milliseconds, or if each of many
    such pairs is in the wrong order: rows whose exact times differ may be printed with the same coarse timestamp.
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
"""With this many ties, all in the wrong order by chance has a probability of 1 in 1024."""


def _wrong_ties(wrong: Sequence[tuple[Row, Row]], ties: int) -> str | None:
    certain = [pair for pair in wrong if is_sub_millisecond(str(pair[0].get("created_at")))]
    if not certain and not (len(wrong) == ties >= MANY_TIES):
        return None
    above, below = (certain or wrong)[0]
    return f"{_describe(above)} stands before {_describe(below)}, of the same instant and with the greater id"


def _describe(row: Row) -> str:
    return f"{row.get('id')} of {row.get('created_at')}"


def readable_page(api: Api, view: View, **params: Any) -> Page:  # noqa: ANN401 - query values
    """One page of a view; no verdict when it cannot be read."""
    exchange = api.get(view.path, **{**view.params, **params})
    page = page_of(exchange)
    precondition(page, f"GET {view.path} cannot be read: {exchange.summary}")
    assert page is not None
    return page


def rows_if_any(exchange: Exchange) -> list[dict[str, Any]]:
    page = page_of(exchange)
    return [] if page is None else page.rows
