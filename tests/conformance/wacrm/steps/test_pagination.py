from __future__ import annotations

from typing import Any

import httpx
import pytest

from conformance.target.exchange import Exchange
from conformance.target.verdicts import NoVerdict
from conformance.wacrm.steps.pagination import MANY_TIES, View, missed_rows, out_of_order, page_of, paginate

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


def test_paginate_follows_the_cursor_to_the_end() -> None:
    api = Rows(by_offset(NEWEST_FIRST))
    pagination = paginate(api, "/rows", {"limit": 7, "search": "a"})  # type: ignore[arg-type]
    assert pagination.rows == NEWEST_FIRST
    assert pagination.ended
    assert [len(page.rows) for page in pagination.pages] == [7, 7, 6]
    assert api.asked[1] == {"limit": 7, "search": "a", "cursor": "7"}


def test_paginate_stops_when_told_and_calls_between_pages() -> None:
    called: list[int] = []
    api = Rows(by_offset(NEWEST_FIRST))
    pagination = paginate(
        api,  # type: ignore[arg-type]
        "/rows",
        {"limit": 2},
        stop_when=lambda rows: len(rows) >= 6,
        between={1: lambda: called.append(1), 3: lambda: called.append(3)},
    )
    assert len(pagination.rows) == 6
    assert not pagination.ended
    assert called == [1]


@pytest.mark.parametrize(
    ("cut", "problem"),
    [
        (lambda _cursor, _limit: (NEWEST_FIRST[:1], "same"), "a cursor that an earlier page had"),
        (lambda cursor, _limit: ([], f"{cursor}x"), "no rows, and a cursor"),
    ],
)
def test_a_pagination_without_end_has_a_problem(cut: Any, problem: str) -> None:
    pagination = paginate(Rows(cut), "/rows", {})  # type: ignore[arg-type]
    assert problem in str(pagination.problem)


def test_a_list_that_is_too_long_gives_no_verdict() -> None:
    with pytest.raises(NoVerdict, match="more than 3 pages"):
        paginate(Rows(by_offset(NEWEST_FIRST)), "/rows", {"limit": 1}, most=3)  # type: ignore[arg-type]


@pytest.mark.parametrize("body", [None, [], {"data": {}}, {"rows": []}])
def test_anything_but_a_list_is_no_page(body: Any) -> None:
    assert page_of(answer(body)) is None


def test_an_error_is_no_page() -> None:
    assert page_of(answer({"data": []}, 500)) is None


def test_a_missing_row_with_the_timestamp_of_a_page_end_is_tied() -> None:
    awaited = {"a": "t1", "b": "t2", "c": "t2", "d": "t3"}
    found = missed_rows(awaited, [("d", "t3"), ("c", "t2"), ("a", "t1")], {"t2", "t1"})
    assert (found.lost, found.tied, found.untied) == (["b"], ["b"], [])


def test_a_missing_row_with_a_unique_timestamp_is_not_tied() -> None:
    found = missed_rows({"a": "t1", "b": "t2", "c": "t3"}, [("c", "t3"), ("a", "t1")], {"t3", "t2", "t1"})
    assert (found.lost, found.untied) == (["b"], ["b"])


def test_a_missing_row_with_a_shared_timestamp_inside_a_page_is_not_tied() -> None:
    found = missed_rows({"a": "t1", "b": "t1", "c": "t3"}, [("c", "t3"), ("a", "t1")], {"t3"})
    assert found.untied == ["b"]


def test_an_unexpected_row_shown_twice_is_repeated() -> None:
    found = missed_rows({"a": "t1"}, [("x", "t2"), ("x", "t2"), ("a", "t1")], {"t2"})
    assert (found.repeated, found.untied) == (["x"], ["x"])
    assert "1 shown again" in str(found)


def test_a_complete_pagination_misses_no_rows() -> None:
    found = missed_rows({"a": "t1", "b": "t1"}, [("a", "t1"), ("b", "t1"), ("other", "t0")], {"t1"})
    assert not found.lost
    assert not found.repeated


def test_newest_first_is_in_order() -> None:
    assert out_of_order(NEWEST_FIRST) is None


def test_an_older_row_before_a_newer_one_is_out_of_order() -> None:
    assert out_of_order([row("a", FINE.format(1)), row("b", FINE.format(2))]) is not None


def test_times_are_compared_as_moments() -> None:
    assert out_of_order([row("b", "2026-07-01T14:00:00.5+02:00"), row("a", "2026-07-01T12:00:00.400Z")]) is None


def test_ties_of_fine_timestamps_are_compared_by_id() -> None:
    assert out_of_order([row("a", FINE.format(5)), row("b", FINE.format(5))]) is not None
    assert out_of_order([row("b", FINE.format(5)), row("a", FINE.format(5))]) is None


def test_ties_of_coarse_timestamps_may_be_in_any_order() -> None:
    mixture = [row(id_, COARSE) for id_ in "cabdefghijklmnop"]
    assert out_of_order(mixture) is None


def test_many_coarse_ties_all_in_the_wrong_order_are_out_of_order() -> None:
    assert out_of_order([row(f"{n:02d}", COARSE) for n in range(MANY_TIES + 1)]) is not None
    assert out_of_order([row(f"{n:02d}", COARSE) for n in range(MANY_TIES)]) is None


def view(*, exclusive: bool) -> View:
    timestamps = {r["id"]: r["created_at"] for r in NEWEST_FIRST[5:10]}
    return View("rows", "/rows", {}, timestamps, exclusive, lambda r: str(r["id"]))


def test_an_open_list_is_read_past_its_oldest_expected_row() -> None:
    api = Rows(by_offset(NEWEST_FIRST))
    seen = view(exclusive=False)
    pagination = seen.paginate(api, 2)  # type: ignore[arg-type]
    assert [r["id"] for r in pagination.rows][-1] == "09"
    assert not seen.missed_rows(pagination).lost
    assert seen.paginate(api, 2) is pagination  # type: ignore[arg-type]


def test_an_exclusive_list_is_read_to_its_end() -> None:
    pagination = view(exclusive=True).paginate(Rows(by_offset(NEWEST_FIRST)), 2)  # type: ignore[arg-type]
    assert pagination.ended


def test_reading_records_unknown_timestamps() -> None:
    seen = View("rows", "/rows", {}, {"20": "", "19": FINE.format(19)}, exclusive=True, key=lambda r: str(r["id"]))
    seen.paginate(Rows(by_offset(NEWEST_FIRST)), 10)  # type: ignore[arg-type]
    assert seen.timestamps["20"] == FINE.format(20)


def test_rows_after_the_point_where_reading_broke_off_are_not_missing() -> None:
    """Rows of one instant come again without end: that the older ones never come is no second finding."""
    rows = [row("c", FINE.format(3)), row("b", FINE.format(2)), row("a", FINE.format(2)), row("z", FINE.format(1))]
    pages = {None: (rows[:2], "b"), "b": (rows[2:3], "a"), "a": (rows[1:2], "b")}
    timestamps = {each["id"]: each["created_at"] for each in rows}
    seen = View("rows", "/rows", {}, timestamps, exclusive=True, key=lambda each: str(each["id"]))
    found = seen.missed_rows(seen.paginate(Rows(lambda cursor, _limit: pages[cursor]), 2))  # type: ignore[arg-type]
    assert (found.lost, found.repeated, found.tied) == ([], ["b"], ["b"])


def test_ties_are_counted_by_printed_timestamp() -> None:
    timestamps = {"a": COARSE, "b": COARSE, "c": "", "d": FINE.format(1)}
    view = View("rows", "/rows", {}, timestamps, exclusive=True, key=lambda each: str(each["id"]))
    assert (view.ties, view.sub_millisecond) == (2, True)
