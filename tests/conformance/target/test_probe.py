from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from conformance.target.keys import Key, Role
from conformance.target.probe import NotFictionalError, Probe
from conformance.target.verdicts import Lacking, NoAnswerError
from tests.conformance.target import servers

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

SENDS = frozenset({"messages", "broadcasts"})
KEY = Key("full[0]", Role.FULL, "wacrm_live_very_secret")


def troubled(answer: Callable[[socket.socket, bytes], None], timeout: float = 5.0) -> str:
    with servers.raw_server(answer) as url:
        probe = Probe(url, timeout)
        with pytest.raises(NoAnswerError) as caught:
            probe.send("GET", "/me", key=KEY)
        assert probe.trail[-1] is caught.value.exchange
        probe.close()
    return caught.value.exchange.trouble or ""


def test_an_answer_of_fifty_megabytes_is_not_swallowed() -> None:
    assert troubled(servers.huge) == "an answer of more than 8 MiB"


def test_an_endless_answer_ends() -> None:
    assert "does not end" in troubled(servers.endless, timeout=0.5)


def test_a_wrong_content_length_is_noticed() -> None:
    assert "the body ended wrongly" in troubled(servers.too_short)


def test_a_cut_connection_is_named() -> None:
    assert "no answer: RemoteProtocolError" in troubled(servers.cut)


def test_a_dead_port_is_named() -> None:
    probe = Probe("http://127.0.0.1:9")
    for _ in range(2):
        with pytest.raises(NoAnswerError, match="connection refused"):
            probe.send("GET", "/me")
    assert probe.refused_in_a_row == 2
    probe.close()


def unarmed(path: str, sends: frozenset[str] | None = SENDS) -> None:
    Probe("http://127.0.0.1:9", sends=sends).send("POST", path, key=KEY, json={"to": "+12025550100", "text": "x"})


@pytest.mark.parametrize(
    "path", ["/messages", "/broadcasts", "/messages/", "/Messages", "/%6dessages", "/x/../messages?y=1"]
)
def test_nothing_that_may_send_leaves_before_the_interlock(path: str) -> None:
    with pytest.raises(Lacking, match="interlock"):
        unarmed(path)


def test_a_post_that_sends_nothing_leaves() -> None:
    with pytest.raises(NoAnswerError):
        unarmed("/contacts")


def test_a_probe_that_is_told_of_no_sends_takes_every_post_for_one() -> None:
    with pytest.raises(Lacking, match="interlock"):
        unarmed("/contacts", sends=None)


@pytest.mark.parametrize(
    "body",
    [{"to": "+393331234567"}, {"to": 393331234567}, {"recipients": [{"to": "+12025550100"}, {"to": "+14155552671"}]},
     {"to": "+1 (415) 555-2671"}],
)  # fmt: skip
def test_no_number_of_a_person_ever_leaves(body: dict[str, Any]) -> None:
    probe = Probe("http://127.0.0.1:9", armed=True)
    with pytest.raises(NotFictionalError):
        probe.send("POST", "/messages", key=KEY, json=body)
