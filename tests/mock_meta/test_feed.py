"""What the live page reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.mock_meta.inside import Inside


def test_the_feed_says_how_many_lines_were_left_out(inside: Inside) -> None:
    for _ in range(405):
        inside.send()
    told = inside.control("GET", "/feed?since=2")
    assert (told["last_seq"], told["missed"], len(told["lines"])) == (405, 3, 400)
    assert told["sends"] == 405


def test_the_page_runs_no_script_but_its_own(inside: Inside) -> None:
    answer = inside.request("GET", "/_control/")
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert inside.request("GET", "/_control").headers["location"] == "/_control/"
