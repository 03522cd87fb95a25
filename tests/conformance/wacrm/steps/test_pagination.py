from __future__ import annotations

from typing import Any

import httpx
import pytest

from conformance.target.exchange import Exchange
from conformance.target.verdicts import Mismatch, NoVerdict
from conformance.wacrm.steps.pagination import MANY_TIES, View, losses, misplaced, page_of, walk, whole

FINE = "2026-07-01T12:00:00.{:06d}Z"
COARSE = "2026-07-01T12:00:00.001Z"


def row(id_: str, stamp: str) -> dict[str, Any]:
    return {"id": id_, "created_at": stamp}


def answer(body: Any, status: int = 200) -> Exchange:
    content = httpx.Response(200, json=body).content
    return Exchange("GET", "http://x/rows", {}, b"", None, status, httpx.Headers(), content, 0.0, 0.0)


class Rows:
    """An API with one list, paged by `cut`, which gives rows and cursor for (cursor, limit)."""

    def __init__(self, cut: Any) -> None:
        self.cut, self.asked = cut, list[dict[str, Any]]()

    def get(self, _path: str, **params: Any) -> Exchange:
        self.asked.append(params)
        rows, cursor = self.cut(params.get("cursor"), params.get("limit", 50))
        return answer({"data": rows, "meta": {"next_cursor": cursor}})


def by_offset(rows: list[dict[str, Any]]) -> Any:
    def cut(cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
        start = int(cursor or 0)
        return rows[start : start + limit], str(start + limit) if start + limit < len(rows) else None

    return cut


NEWEST_FIRST = [row(f"{n:02d}", FINE.format(n)) for n in range(20, 0, -1)]


def test_a_walk_follows_the_cursor_to_the_end() -> None:
    api = Rows(by_offset(NEWEST_FIRST))
    walked = walk(api, "/rows", {"limit": 7, "search": "a"})  # type: ignore[arg-type]
    assert walked.rows == NEWEST_FIRST
    assert walked.ended
    assert [len(page.rows) for page in walked.pages] == [7, 7, 6]
    assert api.asked[1] == {"limit": 7, "search": "a", "cursor": "7"}


def test_a_walk_stops_when_it_has_enough_and_calls_between_pages() -> None:
    called: list[int] = []
    api = Rows(by_offset(NEWEST_FIRST))
    walked = walk(
        api,  # type: ignore[arg-type]
        "/rows",
        {"limit": 2},
        enough=lambda rows: len(rows) >= 6,
        between={1: lambda: called.append(1), 3: lambda: called.append(3)},
    )
    assert len(walked.rows) == 6
    assert not walked.ended
    assert called == [1]


@pytest.mark.parametrize(
    ("cut", "trouble"),
    [
        (lambda _cursor, _limit: (NEWEST_FIRST[:1], "same"), "a cursor that an earlier page had"),
        (lambda cursor, _limit: ([], f"{cursor}x"), "no rows, and a cursor"),
    ],
)
def test_a_walk_without_end_is_trouble(cut: Any, trouble: str) -> None:
    walked = walk(Rows(cut), "/rows", {})  # type: ignore[arg-type]
    assert trouble in str(walked.trouble)
    with pytest.raises(Mismatch, match="every page"):
        whole(walked)


def test_a_list_that_is_too_long_gives_no_verdict() -> None:
    with pytest.raises(NoVerdict, match="more than 3 pages"):
        walk(Rows(by_offset(NEWEST_FIRST)), "/rows", {"limit": 1}, most=3)  # type: ignore[arg-type]


@pytest.mark.parametrize("body", [None, [], {"data": {}}, {"rows": []}])
def test_what_is_no_list_is_no_page(body: Any) -> None:
    assert page_of(answer(body)) is None


def test_an_error_is_no_page() -> None:
    assert page_of(answer({"data": []}, 500)) is None


def test_a_lost_row_of_the_edges_instant_is_tied() -> None:
    awaited = {"a": "t1", "b": "t2", "c": "t2", "d": "t3"}
    found = losses(awaited, [("d", "t3"), ("c", "t2"), ("a", "t1")], {"t2", "t1"})
    assert (found.lost, found.tied, found.untied) == (["b"], ["b"], [])


def test_a_lost_row_with_an_instant_of_its_own_is_not_tied() -> None:
    found = losses({"a": "t1", "b": "t2", "c": "t3"}, [("c", "t3"), ("a", "t1")], {"t3", "t2", "t1"})
    assert (found.lost, found.untied) == (["b"], ["b"])


def test_a_tie_away_from_every_edge_is_no_excuse() -> None:
    found = losses({"a": "t1", "b": "t1", "c": "t3"}, [("c", "t3"), ("a", "t1")], {"t3"})
    assert found.untied == ["b"]


def test_a_row_that_comes_twice_is_repeated_even_if_nobody_awaited_it() -> None:
    found = losses({"a": "t1"}, [("x", "t2"), ("x", "t2"), ("a", "t1")], {"t2"})
    assert (found.repeated, found.untied) == (["x"], ["x"])
    assert "1 shown again" in str(found)


def test_a_whole_walk_has_no_losses() -> None:
    found = losses({"a": "t1", "b": "t1"}, [("a", "t1"), ("b", "t1"), ("other", "t0")], {"t1"})
    assert not found.lost
    assert not found.repeated


def test_newest_first_is_right() -> None:
    assert misplaced(NEWEST_FIRST) is None


def test_an_older_row_above_a_newer_one_is_misplaced() -> None:
    assert misplaced([row("a", FINE.format(1)), row("b", FINE.format(2))]) is not None


def test_times_are_compared_as_moments() -> None:
    assert misplaced([row("b", "2026-07-01T14:00:00.5+02:00"), row("a", "2026-07-01T12:00:00.400Z")]) is None


def test_ties_of_a_fine_time_stand_by_id() -> None:
    assert misplaced([row("a", FINE.format(5)), row("b", FINE.format(5))]) is not None
    assert misplaced([row("b", FINE.format(5)), row("a", FINE.format(5))]) is None


def test_ties_of_a_coarse_time_may_hide_an_order() -> None:
    mixture = [row(id_, COARSE) for id_ in "cabdefghijklmnop"]
    assert misplaced(mixture) is None


def test_many_coarse_ties_that_all_stand_upside_down_are_misplaced() -> None:
    assert misplaced([row(f"{n:02d}", COARSE) for n in range(MANY_TIES + 1)]) is not None
    assert misplaced([row(f"{n:02d}", COARSE) for n in range(MANY_TIES)]) is None


def view(*, closed: bool) -> View:
    stamps = {r["id"]: r["created_at"] for r in NEWEST_FIRST[5:10]}
    return View("rows", "/rows", {}, stamps, closed, lambda r: str(r["id"]))


def test_an_open_list_is_walked_past_its_oldest_awaited_row() -> None:
    api = Rows(by_offset(NEWEST_FIRST))
    seen = view(closed=False)
    walked = seen.walk(api, 2)  # type: ignore[arg-type]
    assert [r["id"] for r in walked.rows][-1] == "09"
    assert not seen.losses(walked).lost
    assert seen.walk(api, 2) is walked  # type: ignore[arg-type]


def test_a_closed_list_is_walked_to_its_end() -> None:
    walked = view(closed=True).walk(Rows(by_offset(NEWEST_FIRST)), 2)  # type: ignore[arg-type]
    assert walked.ended


def test_a_walk_teaches_times_that_were_unknown() -> None:
    seen = View("rows", "/rows", {}, {"20": "", "19": FINE.format(19)}, closed=True, key=lambda r: str(r["id"]))
    seen.walk(Rows(by_offset(NEWEST_FIRST)), 10)  # type: ignore[arg-type]
    assert seen.stamps["20"] == FINE.format(20)


def test_rows_beyond_the_place_where_a_walk_broke_off_are_not_lost() -> None:
    """Rows of one instant come again without end: that the older ones never come is no second finding."""
    rows = [row("c", FINE.format(3)), row("b", FINE.format(2)), row("a", FINE.format(2)), row("z", FINE.format(1))]
    pages = {None: (rows[:2], "b"), "b": (rows[2:3], "a"), "a": (rows[1:2], "b")}
    stamps = {each["id"]: each["created_at"] for each in rows}
    seen = View("rows", "/rows", {}, stamps, closed=True, key=lambda each: str(each["id"]))
    found = seen.losses(seen.walk(Rows(lambda cursor, _limit: pages[cursor]), 2))  # type: ignore[arg-type]
    assert (found.lost, found.repeated, found.tied) == ([], ["b"], ["b"])


def test_ties_are_counted_by_printed_time() -> None:
    stamps = {"a": COARSE, "b": COARSE, "c": "", "d": FINE.format(1)}
    view = View("rows", "/rows", {}, stamps, closed=True, key=lambda each: str(each["id"]))
    assert (view.ties, view.fine) == (2, True)
