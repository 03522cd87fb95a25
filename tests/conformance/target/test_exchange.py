from __future__ import annotations

import json
import shlex
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from conformance.target.keys import Key, Role
from conformance.target.probe import Probe
from tests.conformance.target import servers

if TYPE_CHECKING:
    import socket

KEY = Key("full[0]", Role.FULL, "wacrm_live_very_secret")


@pytest.mark.skipif(shutil.which("curl") is None, reason="this machine has no curl")
def test_a_curl_line_hides_the_key_and_sends_the_same_again() -> None:
    received: list[bytes] = []

    def answer(connection: socket.socket, request: bytes) -> None:
        received.append(request.partition(b"\r\n\r\n")[2])
        servers.fixed("200 OK", b"{}", Content_Type="application/json")(connection, request)

    text = 'it\'s "quoted" $HOME `x` \\ 👍🏽\nnew line'
    with servers.raw_server(answer) as url:
        probe = Probe(url, sends=frozenset())
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
