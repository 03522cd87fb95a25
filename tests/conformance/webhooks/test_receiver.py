"""The receiver as a process: what it records, how it answers, and that its tripwires notice."""

from __future__ import annotations

import socket
import ssl
import uuid
from typing import TYPE_CHECKING

import httpx
import pytest

from conformance.runner.stack import Stack
from conformance.target.waiting import eventually
from conformance.webhooks.receiver_client import Receiver

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[Receiver, httpx.Client]]:
    with Stack(seed=1) as stack:
        stack.start_receiver()
        assert stack.receiver is not None
        given = stack.receiver
        trust = ssl.create_default_context(cafile=given["ca"])
        with httpx.Client(base_url=given["origin"], verify=trust, trust_env=False) as sender:
            receiver = Receiver(given["origin"], given["control"], given["tripwire"])
            yield receiver, sender
            receiver.close()


def path() -> str:
    return f"/{uuid.uuid4().hex}"


def test_attempts_are_kept_as_they_came(running: tuple[Receiver, httpx.Client]) -> None:
    receiver, sender = running
    at = path()
    sender.post(at, content=b'{"text":"\xc3\xb3" }', headers={"X-Wacrm-Event": "message.received"})
    sender.post(at, content=b"no json")
    first, second = receiver.settled(at, at_least=2, quiet=0.0)
    assert (first.method, first.raw, first.json()) == ("POST", b'{"text":"\xc3\xb3" }', {"text": "ó"})
    assert first.headers["x-wacrm-event"] == "message.received"
    assert second.json() is None
    assert first.seq < second.seq


def test_answers_follow_the_program_and_a_repetition_is_answered_as_before(
    running: tuple[Receiver, httpx.Client],
) -> None:
    receiver, sender = running
    at = path()
    receiver.answers(at, {"status": 500}, {"status": 302, "location": "https://hooks.test/"}, {"status": 204})
    got = [sender.post(at, content=body) for body in (b"1", b"1", b"2", b"3", b"4", b"4")]
    assert [answer.status_code for answer in got] == [500, 500, 302, 204, 204, 204]
    assert got[2].headers["location"] == "https://hooks.test/"


def test_a_connection_is_reset_on_command(running: tuple[Receiver, httpx.Client]) -> None:
    receiver, sender = running
    at = path()
    receiver.answer(at, reset=True)
    with pytest.raises(httpx.HTTPError):
        sender.post(at, content=b"1")
    assert len(receiver.attempts(at)) == 1


def test_a_tripwire_notices_who_touches_it_and_no_other(running: tuple[Receiver, httpx.Client]) -> None:
    receiver, _ = running
    first, second = receiver.tripwires(2)
    before = receiver.touched()
    for address in ("127.0.0.1", "127.0.0.2"):
        socket.create_connection((address, second), 2).close()
    assert eventually(lambda: len(receiver.touched(second)) == 2, 2)
    assert receiver.touched(first) == []
    assert len(receiver.touched()) == len(before) + 2
