from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conformance.target.api import Api
from conformance.target.keys import Key, KeyPool, Role
from conformance.target.probe import Probe
from conformance.target.verdicts import Lacking, NoVerdict
from tests.conformance.target import servers

if TYPE_CHECKING:
    import socket

KEY = Key("full[0]", Role.FULL, "wacrm_live_very_secret")


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
