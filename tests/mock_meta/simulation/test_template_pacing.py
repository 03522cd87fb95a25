"""Template pacing: what is held, what lets it go, what ends it."""

from typing import Any

import pytest

from tests.mock_meta.inside import WABA, Inside

PLAIN: dict[str, Any] = {"type": "template", "text": None, "template": {"name": "plain", "language": {"code": "en_US"}}}


@pytest.fixture
def paced(inside: Inside) -> Inside:
    """The first message of a template goes out, the others wait."""
    inside.control("PUT", "/pacing", {"first": 1})
    inside.control("PUT", "/behaviour", {"profile": "instant"})
    return inside


def send(inside: Inside) -> str:
    return str(inside.send(**PLAIN)["messages"][0]["message_status"])


def quality(inside: Inside, score: str) -> None:
    (found,) = (one for one in listed(inside) if one["name"] == "plain")
    inside.control("POST", f"/templates/{found['id']}", {"quality": score})
    inside.rest()


def listed(inside: Inside) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = inside.graph("GET", f"{WABA}/message_templates").json()["data"]
    return found


def ends(inside: Inside) -> list[str]:
    inside.rest()
    last = {str(one["id"]): str(one["status"]) for one in inside.posts.statuses()}
    return list(last.values())


def test_only_the_first_go_out(paced: Inside) -> None:
    assert [send(paced) for _ in range(3)] == ["accepted", *["held_for_quality_assessment"] * 2]
    assert ends(paced) == ["read"]


@pytest.mark.parametrize("score", ["GREEN", "YELLOW"])
def test_good_quality_lets_go_and_ends_it(paced: Inside, score: str) -> None:
    for _ in range(3):
        send(paced)
    quality(paced, score)
    assert send(paced) == "accepted"
    assert ends(paced) == ["read"] * 4


def test_bad_quality_fails_what_was_held_and_pauses(paced: Inside) -> None:
    for _ in range(3):
        send(paced)
    quality(paced, "RED")
    assert ends(paced) == ["read", "failed", "failed"]
    assert {one["errors"][0]["code"] for one in paced.posts.statuses() if "errors" in one} == {132015}
    assert paced.refused(**PLAIN)["code"] == 132015


def test_an_unpaused_template_is_paced_anew(paced: Inside) -> None:
    quality(paced, "RED")
    (found,) = (one for one in listed(paced) if one["name"] == "plain")
    paced.control("POST", f"/templates/{found['id']}", {"status": "APPROVED"})
    assert [send(paced), send(paced)] == ["accepted", "held_for_quality_assessment"]


def test_other_messages_are_not_paced(paced: Inside) -> None:
    for _ in range(3):
        assert "message_status" not in paced.send()["messages"][0]
    assert ends(paced) == ["read"] * 3


def test_it_can_be_ended(paced: Inside) -> None:
    paced.control("PUT", "/pacing", {"first": None})
    assert [send(paced) for _ in range(3)] == ["accepted"] * 3
    paced.control("PUT", "/pacing", {"first": -1}, 400)
