"""What the live page reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mock_meta.webhooks.payloads import envelope
from tests.mock_meta.inside import PERSON, PHONE, WABA, Inside, account

if TYPE_CHECKING:
    from pathlib import Path

WHY = {"details": "To keep a healthy ecosystem."}


def test_the_feed_says_how_many_lines_were_left_out(inside: Inside) -> None:
    for _ in range(405):
        inside.send()
    told = inside.control("GET", "/feed?since=2")
    assert (told["last_seq"], told["missed"], len(told["lines"])) == (405, 3, 400)
    assert told["sends"] == 405


def test_the_page_runs_no_script_but_its_own(inside: Inside) -> None:
    answer = inside.request("GET", "/_control/")
    assert inside.control("GET", "/page/server.py", status=404)
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert inside.request("GET", "/_control").headers["location"] == "/_control/"


def test_a_failed_status_is_bad_whatever_the_receiver_answered(inside: Inside) -> None:
    inside.send(to="99900011026")
    inside.rest()
    line = next(one for one in inside.control("GET", "/feed")["lines"] if one["what"] == "failed")
    assert (line["good"], line["answered"]) == (False, 200)
    assert line["errors"] == ["131026 Message undeliverable"]


def test_the_timeline_of_a_batch_is_the_failed_messages(inside: Inside) -> None:
    good, bad = inside.wamid(), inside.wamid(to="99900005678")
    failed = {"id": bad, "status": "failed", "errors": [{"code": 131049, "title": "Not delivered", "error_data": WHY}]}
    statuses = [{"id": good, "status": "read"}, failed]
    inside.control("POST", "/statuses", {"phone_number_id": PHONE, "statuses": statuses})
    (batch,) = [one for one in inside.control("GET", "/feed")["lines"] if one["kind"] == "webhook"]
    assert (batch["people"], batch["wamids"]) == (["99900005678", PERSON], [bad, good])
    timeline = inside.control("GET", f"/story?seq={batch['seq']}")
    assert timeline == inside.control("GET", f"/message-timeline?seq={batch['seq']}")
    assert [step["what"] for step in timeline["steps"]] == ["text", "failed"]
    assert timeline["steps"][1]["details"] == [WHY["details"]]
    others = inside.control("GET", "/story?seq=1")["steps"]
    assert [(step["what"], step["good"]) for step in others] == [("text", True), ("read", True)]


def test_a_payload_of_nonsense_has_a_line_and_a_timeline(inside: Inside) -> None:
    nonsense: object = {
        "entry": [1, {"changes": [{"field": "messages", "value": {"statuses": [{"errors": ["no", {}]}]}}]}]
    }
    unhashable: object = {"entry": [{"changes": [{"field": "messages", "value": {"statuses": [{"id": [1]}]}}]}]}
    payloads: list[object] = [nonsense, [], None, "text", unhashable]
    for payload in payloads:
        inside.control("POST", "/webhooks", {"waba_id": WABA, "payload": payload})
    lines = inside.control("GET", "/feed")["lines"]
    assert [line["good"] for line in lines] == [False, True, True, True, True]
    assert [len(inside.control("GET", f"/story?seq={line['seq']}")["steps"]) for line in lines] == [1, 1, 1, 1, 1]


def test_the_account_may_be_what_is_wrong(inside: Inside) -> None:
    payload = envelope(WABA, "messages", {"errors": [{"code": 130429, "title": "Rate limit hit"}]})
    inside.control("POST", "/webhooks", {"waba_id": WABA, "payload": payload})
    (line,) = inside.control("GET", "/feed")["lines"]
    assert (line["good"], line["errors"]) == (False, ["130429 Rate limit hit"])


def test_no_timeline_of_an_entry_that_is_none(inside: Inside) -> None:
    inside.send()
    assert inside.control("GET", "/story?seq=2", status=404)["error"] == "no entry '2'"


def test_figures_count_since_the_start_and_say_from_where(tmp_path: Path) -> None:
    for before in (0, 1):
        inside = Inside(ledger=str(tmp_path / "ledger.db"))
        inside.control("PUT", f"/accounts/{WABA}", account())
        inside.send()
        told = inside.control("GET", "/feed")
        inside.close()
        assert (told["before"], told["sends"], len(told["lines"])) == (before, 1, before + 1)
