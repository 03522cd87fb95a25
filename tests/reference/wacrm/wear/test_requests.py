from __future__ import annotations

import asyncio

import pytest

from tests.reference.wacrm.conftest import deployed, envelope, says, until

UNKNOWN = "00000000-0000-4000-8000-000000000000"


@pytest.mark.parametrize(
    ("path", "query"),
    [("/contacts/x", {}), ("/conversations/1/messages", {}), ("/broadcasts/x", {}), ("/webhooks/x", {}),
     ("/contacts", {"tag": "x"}), ("/conversations", {"contact_id": "x"})],
)  # fmt: skip
def test_an_impossible_id_is_a_500(path: str, query: dict[str, str]) -> None:
    with deployed(wear=["impossible-ids-are-500"]) as wacrm:
        answer = wacrm.get(path, **query)
        assert (answer.status_code, answer.json()["error"]["code"]) == (500, "internal")


def test_an_id_of_nothing_and_no_filter_are_as_ever() -> None:
    with deployed(wear=["impossible-ids-are-500"]) as wacrm:
        assert wacrm.get("/contacts", tag=UNKNOWN).json()["data"] == []
        assert wacrm.get(f"/contacts/{UNKNOWN}").status_code == 404
        assert wacrm.get("/conversations").json()["data"] == []


def test_who_may_not_ask_is_told_so_first() -> None:
    with deployed(wear=["impossible-ids-are-500"]) as wacrm:
        assert wacrm.get("/contacts/x", "N").status_code == 403


def test_a_wrong_method_is_an_empty_405() -> None:
    with deployed(wear=["bare-405-and-html-404"]) as wacrm:
        answer = wacrm.call("PUT", "/contacts")
        assert (answer.status_code, answer.content) == (405, b"")


def test_an_unknown_path_is_html() -> None:
    with deployed(wear=["bare-405-and-html-404"]) as wacrm:
        answer = wacrm.get("/nothing")
        assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
        assert wacrm.get(f"/contacts/{UNKNOWN}").json()["error"]["code"] == "not_found"


def test_answers_and_effects_are_late_and_do_not_wait_for_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a clock: sleeping is counted, and what would sleep forever does not stop others."""
    slept: list[float] = []
    real = asyncio.sleep

    async def noted(seconds: float) -> None:
        slept.append(seconds)
        await real(0)

    monkeypatch.setattr("reference.wacrm.wear.requests.asyncio.sleep", noted)
    with deployed(wear=["slow"]) as wacrm:
        assert wacrm.get("/me").status_code == 200
        assert wacrm.get("/contacts/x").json()["error"]["code"] == "not_found"
        assert wacrm.webhook(envelope("111", messages=[says("hi", "wamid.in")])) == 200
        until(lambda: len(wacrm.get("/conversations").json()["data"]) == 1)
    assert [seconds for seconds in slept if seconds][:3] == [0.15, 0.15, 0.3]
