from __future__ import annotations

from typing import Any

import pytest

from tests.reference.wacrm.conftest import Deployment, says


def _walk(wacrm: Deployment, path: str, limit: int, **filters: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        page = wacrm.get(path, limit=limit, **filters, **cursor).json()
        rows += page["data"]
        assert len(page["data"]) <= limit
        if page["meta"]["next_cursor"] is None:
            return rows
        cursor = {"cursor": page["meta"]["next_cursor"]}


def _fill(wacrm: Deployment, count: int) -> None:
    """Contacts and conversations that share their times in groups of five."""
    ticks = iter(range(10_000))
    wacrm.wacrm.clock.now = lambda: f"2026-01-01T00:00:{next(ticks) // 20 % 60:02d}.000Z"  # type: ignore[method-assign]
    wacrm.inbound(*[says(str(n), f"wamid.{n}", f"1415555{n:04d}") for n in range(count)])


@pytest.mark.parametrize("limit", [1, 2, 7, 50, 100])
def test_a_walk_visits_every_row_once_newest_first(wacrm: Deployment, limit: int) -> None:
    _fill(wacrm, 60)
    for path in ("/contacts", "/conversations"):
        rows = _walk(wacrm, path, limit)
        order = [(row["created_at"], row["id"]) for row in rows]
        assert order == sorted(order, reverse=True)
        assert len(set(order)) == 60
        assert len({row["created_at"] for row in rows}) < 60


def test_messages_are_paged_too(wacrm: Deployment) -> None:
    wacrm.inbound(*[says(str(n), f"wamid.{n}") for n in range(30)])
    conversation = wacrm.newest()
    rows = _walk(wacrm, f"/conversations/{conversation['id']}/messages", 7)
    assert [row["content_text"] for row in rows] == [str(n) for n in reversed(range(30))]


def test_rows_inserted_during_a_walk_change_nothing_older(wacrm: Deployment) -> None:
    for n in range(6):
        wacrm.contact(f"+1415555010{n}")
    first = wacrm.get("/contacts", limit=3).json()
    wacrm.contact("+14155550110")
    second = wacrm.get("/contacts", limit=3, cursor=first["meta"]["next_cursor"]).json()
    phones = [row["phone"] for row in first["data"] + second["data"]]
    assert phones == [f"+1415555010{n}" for n in reversed(range(6))]


def test_the_default_is_50_and_the_maximum_100(wacrm: Deployment) -> None:
    _fill(wacrm, 120)
    assert len(wacrm.get("/contacts").json()["data"]) == 50
    for limit in ("100", "101", "0000999", "9" * 400):
        assert len(wacrm.get("/contacts", limit=limit).json()["data"]) == 100


@pytest.mark.parametrize("limit", ["0", "-1", "", "ten", "1.5", "1e3", "+5", " 5", "\u0665", "0x10"])
def test_an_unusable_limit_is_400(wacrm: Deployment, limit: str) -> None:
    assert wacrm.get("/conversations", limit=limit).status_code == 400


def test_cursors_of_another_list_or_account_and_garbage_are_400(wacrm: Deployment) -> None:
    for phone in ("+14155550101", "+14155550102"):
        wacrm.send(phone)
        wacrm.send(phone, letter="B")
    mine = wacrm.get("/contacts", limit=1).json()["meta"]["next_cursor"]
    assert wacrm.get("/contacts", cursor=mine).status_code == 200
    assert wacrm.get("/conversations", cursor=mine).status_code == 400
    assert wacrm.get("/contacts", "B", cursor=mine).status_code == 400
    for garbage in ("", "x", "é", "====", "W10", "eyJhIjoxfQ", mine[:-3], "A" * 10_000, "\x00"):
        assert wacrm.get("/contacts", cursor=garbage).status_code == 400


def test_filters_hold_on_every_page(wacrm: Deployment) -> None:
    for n in range(6):
        wacrm.contact(f"+1415555010{n}", name="even" if n % 2 == 0 else "odd", tags=["t"] if n < 4 else [])
    tag = wacrm.get("/contacts", search="+14155550100").json()["data"][0]["tags"][0]["id"]
    assert [row["name"] for row in _walk(wacrm, "/contacts", 1, search="EVEN")] == ["even"] * 3
    assert len(_walk(wacrm, "/contacts", 1, tag=tag)) == 4
