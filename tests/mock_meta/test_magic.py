"""Recipients in +999 0000 xxxx."""

import re
from pathlib import Path

import pytest

import mock_meta
from mock_meta.behaviour import Status
from mock_meta.magic import PREFIX, TABLE, Effect, magic
from tests.mock_meta.inside import PHONE, Inside

REFUSED = [last for last, one in TABLE.items() if one.effect is Effect.REFUSED]
ANNOUNCED = [last for last, one in TABLE.items() if one.steps is not None]


@pytest.mark.parametrize("last", REFUSED)
def test_refused_at_once(inside: Inside, last: str) -> None:
    assert inside.refused(to=f"+999 0000 {last}")["code"] == TABLE[last].code
    (entry,) = inside.requests()
    assert entry["outcome"] == "refused"


@pytest.mark.parametrize("last", ANNOUNCED)
def test_statuses(inside: Inside, last: str) -> None:
    inside.send(to=PREFIX + last)
    steps = TABLE[last].steps or ()
    for _ in range(500):
        inside.rest(0.02)
        if len(inside.posts.statuses()) >= len(steps):
            break
    inside.rest(0.02)
    assert [status["status"] for status in inside.posts.statuses()] == [step.status.value for step in steps]
    for status in inside.posts.statuses():
        if status["status"] == Status.FAILED.value and TABLE[last].code:
            assert status["errors"][0]["code"] == TABLE[last].code


def test_a_proxy_in_between(inside: Inside) -> None:
    body = {"messaging_product": "whatsapp", "to": f"{PREFIX}0503", "text": {"body": "Ciao"}}
    answer = inside.graph("POST", f"{PHONE}/messages", json=body)
    assert (answer.status_code, answer.headers["content-type"]) == (503, "text/html")


def test_a_script_wins(inside: Inside) -> None:
    inside.control("POST", "/behaviour/recipients", {"to": [f"{PREFIX}1030"], "script": [{"status": "sent"}]})
    inside.send(to=f"{PREFIX}1030")


def test_an_ill_formed_message_is_still_ill_formed(inside: Inside) -> None:
    assert inside.refused(to=f"{PREFIX}1031", text={})["code"] == 100


def test_ordinary_numbers() -> None:
    assert magic("99900001234") is None
    assert magic("999000010300") is None
    assert magic("9990001026") is None
    assert magic(None) is None


def test_the_table_is_told_and_documented(inside: Inside) -> None:
    told = inside.control("GET", "/magic-numbers")["magic_numbers"]
    assert [row["to"] for row in told] == [f"+999 0000 {last}" for last in sorted(TABLE)]
    page = (Path(mock_meta.__file__).parent / "magic-numbers.md").read_text("utf-8")
    documented = dict(re.findall(r"^\| `\+999 0000 (\d{4})` \| (.*?) \|", page, re.MULTILINE))
    assert documented == {last: one.effect.value for last, one in TABLE.items()}
