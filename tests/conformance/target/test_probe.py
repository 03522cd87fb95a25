from __future__ import annotations

import json
import shlex
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from conformance.target.api import Api
from conformance.target.keys import Key, KeyPool, Role
from conformance.target.probe import NotFictionalError, Probe
from conformance.target.verdicts import Lacking, NoAnswerError, NoVerdict
from tests.conformance.target import servers

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

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


@pytest.mark.skipif(shutil.which("curl") is None, reason="this machine has no curl")
def test_a_curl_line_hides_the_key_and_sends_the_same_again() -> None:
    received: list[bytes] = []

    def answer(connection: socket.socket, request: bytes) -> None:
        received.append(request.partition(b"\r\n\r\n")[2])
        servers.fixed("200 OK", b"{}", Content_Type="application/json")(connection, request)

    text = 'it\'s "quoted" $HOME `x` \\ 👍🏽\nnew line'
    with servers.raw_server(answer) as url:
        probe = Probe(url)
        exchange = probe.send("POST", "/contacts", key=KEY, json={"name": text}, params={"a": "b&c"})
        probe.close()
        assert "very_secret" not in f"{exchange.curl} {exchange!r} {exchange.recorded()}"
        line = exchange.curl
        done = subprocess.run(["bash", "-c", line], env={"WACRM_URL": url, "WACRM_KEY": "k", "PATH": "/usr/bin:/bin"},
                              capture_output=True, check=False)  # fmt: skip
    assert done.returncode == 0, (line, done.stderr)
    assert shlex.split(line)[0] == "curl"
    assert '"$WACRM_URL"' in line
    assert [json.loads(body)["name"] for body in received] == [text, text]


def unarmed(path: str) -> None:
    Probe("http://127.0.0.1:9").send("POST", path, key=KEY, json={"to": "+12025550100", "text": "x"})


@pytest.mark.parametrize(
    "path", ["/messages", "/broadcasts", "/messages/", "/Messages", "/%6dessages", "/x/../messages?y=1"]
)
def test_nothing_that_may_send_leaves_before_the_interlock(path: str) -> None:
    with pytest.raises(Lacking, match="interlock"):
        unarmed(path)


@pytest.mark.parametrize(
    "body",
    [{"to": "+393331234567"}, {"to": 393331234567}, {"recipients": [{"to": "+12025550100"}, {"to": "+14155552671"}]},
     {"to": "+1 (415) 555-2671"}],
)  # fmt: skip
def test_no_number_of_a_person_ever_leaves(body: dict[str, Any]) -> None:
    probe = Probe("http://127.0.0.1:9", armed=True)
    with pytest.raises(NotFictionalError):
        probe.send("POST", "/messages", key=KEY, json=body)


def limited(connection: socket.socket, request: bytes) -> None:
    body = b'{"error":{"code":"rate_limited","message":"later"}}'
    servers.fixed("429 Too Many Requests", body, Retry_After="0", Content_Type="application/json")(connection, request)


def test_starved_by_429_is_no_verdict() -> None:
    with servers.raw_server(limited) as url:
        probe = Probe(url)
        api = Api(probe, KeyPool([KEY, Key("full[1]", Role.FULL, "x")], 120, 60), Role.FULL)
        with pytest.raises(NoVerdict, match="rate limited away"):
            api.get("/me")
        probe.close()


def test_a_missing_role_is_lacking() -> None:
    api = Api(Probe("http://127.0.0.1:9"), KeyPool([KEY], 120, 60))
    with pytest.raises(Lacking, match=r"keys\.only\.contacts:read"):
        api.as_role("only:contacts:read")
