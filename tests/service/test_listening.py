from __future__ import annotations

import json
import os
import re
import socket

import pytest

from service.listening import CannotListenError, announce, listen, url_of


def test_port_0_takes_a_free_port_and_the_url_names_it() -> None:
    with listen("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        assert url_of(listener) == f"http://127.0.0.1:{port}"
        assert url_of(listener, "https", "hooks.test") == f"https://hooks.test:{port}"
        assert url_of(listener, "https", "::1") == f"https://[::1]:{port}"
        socket.create_connection(("127.0.0.1", port)).close()


def test_an_ipv6_address_has_brackets_in_its_url() -> None:
    try:
        listener = listen("::1", 0)
    except CannotListenError:
        pytest.skip("this machine has no IPv6")
    with listener:
        assert url_of(listener) == f"http://[::1]:{listener.getsockname()[1]}"


def test_a_used_port_is_told_in_one_sentence() -> None:
    with listen("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(CannotListenError, match=f"cannot listen on 127.0.0.1:{port}: Address already in use"):
            listen("127.0.0.1", port)


@pytest.mark.parametrize("port", [-1, 65536])
def test_what_is_no_port_is_told_in_one_sentence(port: int) -> None:
    with pytest.raises(CannotListenError, match=re.escape(f"cannot listen on 127.0.0.1:{port}: ")):
        listen("127.0.0.1", port)


def test_the_announcement_is_one_line_with_the_process_id(capsys: pytest.CaptureFixture[str]) -> None:
    announce(url="http://127.0.0.1:1")
    line = capsys.readouterr().out
    assert line.count("\n") == 1
    assert json.loads(line) == {"url": "http://127.0.0.1:1", "pid": os.getpid()}
