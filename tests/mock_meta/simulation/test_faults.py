"""Faults, on real sockets where the connection suffers."""

import socket
import time
from collections import Counter
from collections.abc import Iterable
from typing import Any

import httpx
import pytest

from mock_meta.simulation.faults import CallTraits, Fault, Faults, Match
from tests.mock_meta.conftest import DEADLINE, Live, Receiver, until
from tests.mock_meta.inside import PERSON, PHONE, Inside

TEXT = {"messaging_product": "whatsapp", "to": PERSON, "type": "text", "text": {"body": "Ciao"}}


def post(live: Live, timeout: float = 5.0) -> httpx.Response:
    headers = {"Authorization": "Bearer EAAtest"}
    return live.http.post(f"/v21.0/{PHONE}/messages", json=TEXT, headers=headers, timeout=timeout)


def test_an_error_fires_as_often_as_asked(inside: Inside) -> None:
    fault = {"match": {"to": [f"+{PERSON}"], "type": "text"}, "times": 2, "error": {"code": 130429}}
    assert inside.control("POST", "/faults", fault) == {"id": 1}
    for _ in range(2):
        error = inside.refused()
        assert error["message"] == "(#130429) Rate limit hit"
    inside.send()
    inside.send(to="99900005678")
    assert [entry["outcome"] for entry in inside.requests()] == ["fault", "fault", "accepted", "accepted"]
    (shown,) = inside.control("GET", "/faults")["faults"]
    assert (shown["left"], shown["fired"]) == (0, 2)


def test_an_error_can_have_any_text_and_status(inside: Inside) -> None:
    error = {"code": 2, "http_status": 503, "message": "Down", "details": "soon"}
    inside.control("POST", "/faults", {"error": error})
    answer = inside.send(503)["error"]
    assert (answer["code"], answer["message"], answer["is_transient"]) == (2, "Down", True)


def test_a_code_that_nobody_knows_needs_a_message(inside: Inside) -> None:
    inside.control("POST", "/faults", {"error": {"code": 13429, "message": "New"}, "times": 1})
    error = inside.send(400)["error"]
    assert (error["code"], error["message"]) == (13429, "New")
    inside.control("POST", "/faults", {"error": {"code": 294}})
    assert inside.send(403)["error"]["message"] == "(#294) API Permission"


def test_matching(inside: Inside) -> None:
    for match in ({"phone_number_id": "1"}, {"type": "image"}, {"operation": "phone.get"}, {"to": ["1234567"]}):
        inside.control("POST", "/faults", {"match": match, "error": {"code": 1}})
    inside.send()
    assert inside.graph("GET", PHONE).json()["error"]["code"] == 1


@pytest.mark.parametrize("written", [PERSON, f"+{PERSON}", f"+{PERSON[:3]} ({PERSON[3:6]}) {PERSON[6:]}"])
def test_a_number_matches_however_it_is_written(inside: Inside, written: str) -> None:
    inside.control("POST", "/faults", {"match": {"to": [PERSON]}, "error": {"code": 131000}})
    answer = inside.graph("POST", f"{PHONE}/messages", json={**TEXT, "to": written})
    assert answer.json()["error"]["code"] == 131000


def test_a_raw_answer(inside: Inside) -> None:
    fault = inside.control("POST", "/faults", {"http": {"status": 429, "body": "<h1>slow down</h1>"}})
    answer = inside.graph("POST", f"{PHONE}/messages", json=TEXT)
    assert (answer.status_code, answer.text) == (429, "<h1>slow down</h1>")
    inside.control("DELETE", f"/faults/{fault['id']}")
    inside.send()
    inside.control("DELETE", f"/faults/{fault['id']}", status=404)


@pytest.mark.parametrize("kind", ["reset", "hang"])
@pytest.mark.parametrize(("moment", "accepted"), [("before", 0), ("after_accept", 1)])
def test_no_answer(live: Live, receiver: Receiver, kind: str, moment: str, accepted: int) -> None:
    live.control("POST", "/faults", {kind: moment, "delay": 0.05, "times": 1})
    with pytest.raises(httpx.HTTPError):
        post(live)
    entries = live.control("GET", "/ledger?operation=messages.send")["entries"]
    assert [entry["status"] for entry in entries] == [None]
    assert [entry["outcome"] for entry in entries] == ["accepted" if accepted else "fault"]
    assert sum(entry["wamid"] is not None for entry in entries) == accepted
    live.drained()
    assert len(receiver.posts) == 3 * accepted
    assert post(live).status_code == 200


def test_a_hang_ends_with_its_caller(live: Live) -> None:
    live.control("POST", "/faults", {"hang": "before", "delay": 60, "times": 1})
    with pytest.raises(httpx.ReadTimeout):
        post(live, timeout=0.1)
    until(lambda: live.control("GET", "/health")["in_flight"] == 0)


def test_slow_but_accepted_at_the_start(live: Live, receiver: Receiver) -> None:
    live.control("POST", "/faults", {"delay": 0.3, "times": 1})
    started = time.monotonic()
    answer = post(live)
    assert time.monotonic() - started > 0.29
    assert answer.status_code == 200
    assert len(receiver.posts) == 3
    (entry,) = live.control("GET", "/ledger?operation=messages.send")["entries"]
    assert entry["duration"] > 0.29  # clocks round


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ({}, "body: give one of 'error', 'http', 'reset', 'hang', or a 'delay'"),
        ({"tims": 1, "delay": 1}, "unknown member 'tims'; did you mean 'times'?"),
        ({"match": {"too": []}, "delay": 1}, "unknown member 'match.too'; did you mean 'to'?"),
        (
            {"error": {"code": 1}, "reset": "before"},
            "give one of 'error', 'http', 'reset', 'hang', not error and reset",
        ),
        ({"reset": "later"}, "reset: input should be 'before' or 'after_accept'"),
        (
            {"error": {"code": 13429}},
            "error: code 13429 is none of Meta's and has no 'message' of its own; did you mean '130429'?",
        ),
        (
            {"error": {"code": 9999999}},
            "error: code 9999999 is none of Meta's and has no 'message' of its own; known: 0,",
        ),
        ({"delay": 1, "times": 0}, "times: input should be greater than or equal to 1"),
    ],
)
def test_bad_faults_are_refused(inside: Inside, fault: dict[str, Any], sentence: str) -> None:
    assert sentence in inside.control("POST", "/faults", fault, status=400)["error"]


SHARE = {"share": 0.333, "http": {"status": 500}}
USER = "IT.13491208655302741918"


def struck(faults: Faults, callers: Iterable[tuple[str, str | None]]) -> set[tuple[str, str | None, int]]:
    """Which calls the armed faults take, each named by operation, recipient and how-manieth of its kind it is."""
    met: Counter[tuple[str, str | None]] = Counter()
    hit = set()
    for operation, to in callers:
        met[operation, to] += 1
        if faults.take(CallTraits(operation, PHONE, to, None)):
            hit.add((operation, to, met[operation, to]))
    return hit


def a_third(faults: Faults) -> Faults:
    faults.arm(Fault(faults.next_id(), Match(), None, {}, share=0.333))
    return faults


def test_the_seed_decides_which_calls_a_share_is_made_of_and_their_order_does_not() -> None:
    people: list[tuple[str, str | None]] = [("messages.send", f"999000{n:05}") for n in range(30)]
    calls = [*people, ("messages.send", USER), ("media.get", None), ("phone.get", None)] * 3
    faults = a_third(Faults(1))
    first = struck(faults, calls)
    assert 15 <= len(first) <= 51
    assert len({frozenset(to for _, to, nth in first if nth == number) for number in (1, 2, 3)}) == 3
    assert struck(a_third(Faults(1)), reversed(calls)) == first
    assert struck(a_third(Faults(2)), calls) != first
    faults.clear()
    assert struck(a_third(faults), calls) == first
    faults.disarm_all()
    assert struck(a_third(faults), calls) != first


def test_of_the_same_recipients_in_any_order_the_same_are_hit_again_after_a_reset(inside: Inside) -> None:
    people = [f"999000{n:05}" for n in range(30)]

    def hit(recipients: Iterable[str]) -> set[str]:
        inside.control("POST", "/faults", SHARE)
        answers = {to: inside.graph("POST", f"{PHONE}/messages", json={**TEXT, "to": to}) for to in recipients}
        inside.control("POST", "/reset")
        return {to for to, answer in answers.items() if answer.status_code == 500}

    first = hit(people)
    assert 3 <= len(first) <= 20
    assert hit(reversed(people)) == first


def test_of_pipelined_calls_the_first_can_be_cut(live: Live) -> None:
    live.control("POST", "/faults", {"reset": "before"})
    address = httpx.URL(live.address["url"])
    with socket.create_connection((address.host, address.port), DEADLINE) as line:
        line.sendall(b"GET /v21.0/me HTTP/1.1\r\nHost: x\r\n\r\n" * 2)
        with pytest.raises(ConnectionResetError):
            line.recv(1)
    until(lambda: live.control("GET", "/health")["in_flight"] == 0)
