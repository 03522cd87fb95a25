from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from conformance.target.burst import burst
from conformance.target.keys import Key, Role
from conformance.target.probe import Probe
from conformance.target.verdicts import NoAnswerError
from tests.conformance.target.servers import fixed, raw_server

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

KEY = Key("full[0]", Role.FULL, "wacrm_live_secret")
OK = fixed("200 OK", b"{}", Content_Type="application/json")


def test_no_request_is_whole_before_all_connections_stand() -> None:
    arrived: list[float] = []
    lock = threading.Lock()

    def answer(connection: socket.socket, request: bytes) -> None:
        with lock:
            arrived.append(time.monotonic())
        assert b"Authorization: Bearer wacrm_live_secret" in request
        OK(connection, request)

    with raw_server(answer) as url:
        probe = Probe(url)
        exchanges = burst(probe, "/contacts?limit=1", KEY, 50)
        probe.close()
    assert [exchange.status for exchange in exchanges] == [200] * 50
    assert probe.count == 50
    assert min(arrived) >= min(exchange.at for exchange in exchanges)
    assert max(exchange.at for exchange in exchanges) - min(exchange.at for exchange in exchanges) < 1
    assert "secret" not in exchanges[0].curl
    assert exchanges[0].url == f"{url}/contacts?limit=1"


@pytest.mark.parametrize("answer", [lambda _connection, _request: None, fixed("999999999 what", b"")])
def test_an_answer_that_is_none_is_an_error(answer: Callable[[socket.socket, bytes], None]) -> None:
    with raw_server(answer) as url:
        probe = Probe(url, timeout=2)
        with pytest.raises(NoAnswerError):
            burst(probe, "/contacts", KEY, 3)
        probe.close()


def test_nobody_there_is_an_error() -> None:
    with raw_server(OK) as url:
        pass
    probe = Probe(url, timeout=1)
    with pytest.raises(NoAnswerError, match="connections at once"):
        burst(probe, "/contacts", KEY, 3)
    probe.close()
