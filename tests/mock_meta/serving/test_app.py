"""The short ways of a send against the long ones: the same answer and the same entry in the ledger, byte for byte.

A send goes past FastAPI's middleware and routing, its JSON is read by msgspec, and its answer leaves in one write.
"""

import asyncio
import json
import socket
from collections.abc import Iterator
from typing import Any, BinaryIO

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import given, settings
from hypothesis import strategies as st

from mock_meta.control.accounts import configure
from mock_meta.ledger.store import Query
from mock_meta.protocol import strict_json
from mock_meta.rules.message import TYPES
from mock_meta.serving.app import MockMeta, create_app
from mock_meta.settings import Settings
from tests.mock_meta.conftest import Live, Receiver
from tests.mock_meta.graph.test_messages import MESSAGES
from tests.mock_meta.inside import PERSON, PHONE, TOKEN, WABA, account

PATH = f"/v21.0/{PHONE}/messages"
JSON = [("authorization", f"Bearer {TOKEN}"), ("content-type", "application/json")]
TEXT = {"messaging_product": "whatsapp", "to": PERSON, "type": "text", "text": {"body": "Ciao"}}
WORDS = st.sampled_from(
    [*TYPES, "to", "body", "id", "link", "messaging_product", "whatsapp", "context", "components", PERSON]
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | WORDS | st.text(st.characters(), max_size=6)
VALUES = st.recursive(
    SCALARS, lambda one: st.lists(one, max_size=3) | st.dictionaries(WORDS, one, max_size=4), max_leaves=8
)
BODIES = st.dictionaries(WORDS, VALUES, max_size=3).map(lambda more: {**TEXT, **more})


class Pair:
    """Two mocks that draw the same ids at the same time: ``short`` as it is, ``long`` without any short cut."""

    def __init__(self) -> None:
        self.short, self.long = self._mock(), self._mock()
        self._runner = asyncio.Runner()

    def close(self) -> None:
        for mock in (self.short, self.long):
            self._runner.run(mock.mock.stop())
        self._runner.close()

    def _mock(self) -> MockMeta:
        app = create_app(Settings(profile="silent", ids_seed=7), clock=lambda: 1_750_000_000.0)
        configure(app.mock, [{"waba_id": WABA, **account(webhook_url=None)}])
        return app

    def compare(
        self, body: bytes, path: str = PATH, headers: list[tuple[str, str]] = JSON, method: str = "POST"
    ) -> int:
        """The status of both answers, which must be the same in everything, as must what the ledgers hold."""
        short = self._runner.run(_ask(self.short, method, path, headers, body))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(strict_json, "_quick", _refuse)
            patch.setattr(MockMeta, "__call__", FastAPI.__call__)
            long = self._runner.run(_ask(self.long, method, path, headers, body))
        assert short == long
        assert _evidence(self.short) == _evidence(self.long)
        return short[0]


def _refuse(_: object) -> object:
    raise UnicodeError


async def _ask(
    app: MockMeta, method: str, path: str, headers: list[tuple[str, str]], body: bytes
) -> tuple[int, Any, bytes]:
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://graph.test") as client:
        answer = await client.request(method, path, content=body, headers=headers)
        return answer.status_code, answer.headers.multi_items(), answer.content


def _evidence(app: MockMeta) -> list[dict[str, Any]]:
    entries = app.mock.ledger.find(Query(since=app.mock.ledger.last_seq - 1))
    return [{**entry.shown(), "duration": None} for entry in entries]


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    found = Pair()
    yield found
    found.close()


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: str(message.get("type")))
def test_every_type_is_accepted_alike(pair: Pair, message: dict[str, Any]) -> None:
    document = {name: value for name, value in {**TEXT, **message}.items() if value is not None}
    assert pair.compare(json.dumps(document).encode()) == 200


REFUSED: list[tuple[bytes, int]] = [
    (b"", 400),
    (b"{", 400),
    (b"[]", 400),
    (b'{"messaging_product":"whatsapp"}', 400),
    (json.dumps({**TEXT, "to": 12}).encode(), 400),
    (json.dumps({**TEXT, "type": "fax"}).encode(), 400),
    (json.dumps({**TEXT, "text": {"body": "x" * 4097}}).encode(), 400),
    (json.dumps({**TEXT, "text": {"body": "x", "colour": "red"}}).encode(), 400),
    (json.dumps({**TEXT, "to": "99900011026"}).encode(), 200),
    (json.dumps({**TEXT, "to": "99900000190"}).encode(), 401),
    (json.dumps({**TEXT, "to": "99900001000"}).encode(), 500),
    (json.dumps({**TEXT, "type": "template", "template": {"name": "no", "language": {"code": "it"}}}).encode(), 404),
    (json.dumps({**TEXT, "type": "interactive", "interactive": {"type": "button"}}).encode(), 400),
    (json.dumps({**TEXT, "type": "image", "image": {"id": "7"}}).encode(), 400),
    (json.dumps(TEXT).replace("Ciao", "\\ud800").encode(), 200),
    (json.dumps(TEXT).replace('"Ciao"', "NaN").encode(), 400),
    (json.dumps(TEXT, ensure_ascii=False).replace("Ciao", "perché").encode("utf-16"), 200),
    (json.dumps({"messaging_product": "whatsapp", "status": "read", "message_id": "wamid.x"}).encode(), 400),
]


@pytest.mark.parametrize(("body", "status"), REFUSED, ids=range(len(REFUSED)))
def test_every_refusal_is_alike(pair: Pair, body: bytes, status: int) -> None:
    assert pair.compare(body) == status


ODD: list[dict[str, Any]] = [
    {"path": f"/v21.0/{PHONE}/messages/"},
    {"path": f"/v21.0/{PHONE}/messages/more"},
    {"path": f"/{PHONE}/messages"},
    {"path": f"/v99.9/{PHONE}/messages?access_token={TOKEN}", "headers": JSON[1:]},
    {"path": "/v21.0/1/messages"},
    {"path": f"/v21.0/{WABA}/messages"},
    {"path": "/v21.0//messages"},
    {"method": "GET"},
    {"method": "DELETE"},
    {"method": "PATCH"},
    {"headers": []},
    {"headers": [("authorization", "Bearer other"), JSON[1]]},
    {"headers": [("authorization", f"Basic {TOKEN}"), JSON[1]]},
    {"headers": [JSON[0], ("content-type", "text/plain")]},
]


@pytest.mark.parametrize("odd", ODD, ids=str)
def test_odd_requests_are_answered_alike(pair: Pair, odd: dict[str, Any]) -> None:
    pair.compare(json.dumps(TEXT).encode(), **odd)


@settings(max_examples=60)
@given(BODIES, st.booleans())
def test_whatever_is_sent_is_answered_alike(pair: Pair, body: dict[str, Any], ascii_only: bool) -> None:  # noqa: FBT001
    pair.compare(json.dumps(body, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass"))


Heard = tuple[bytes, list[tuple[bytes, bytes]], bytes]


def test_one_write_says_what_uvicorn_says(live: Live, receiver: Receiver) -> None:
    """A connection that is to be closed is answered by uvicorn itself, and nothing else may differ."""
    assert receiver.posts == []
    live.control("PUT", "/behaviour", {"profile": "silent"})
    fixed = {b"content-type", b"content-length", b"cache-control", b"vary", b"facebook-api-version", b"x-fb-rev"}
    for body, status in ((TEXT, b"200 OK"), ({**TEXT, "to": ""}, b"400 Bad Request")):
        first, second = _exchange(live, "POST", json.dumps(body).encode(), "keep-alive", 2)
        (closed,) = _exchange(live, "POST", json.dumps(body).encode(), "close", 1)
        for kept in (first, second):
            assert kept[0] == closed[0] == b"HTTP/1.1 " + status
            assert [name for name, _ in kept[1]] == [name for name, _ in closed[1]]
            assert {one for one in kept[1] if one[0] in fixed} == {one for one in closed[1] if one[0] in fixed}
            assert json.loads(kept[2]).keys() == json.loads(closed[2]).keys()


def test_head_has_no_body(live: Live) -> None:
    answers = _exchange(live, "HEAD", b"", "keep-alive", 2)
    assert [(status, content) for status, _, content in answers] == [(b"HTTP/1.1 400 Bad Request", b"")] * 2


def _exchange(live: Live, method: str, body: bytes, connection: str, times: int) -> list[Heard]:
    """The answers to requests that were written all at once, as they came: status line, headers, body."""
    address = httpx.URL(live.address["url"])
    head = (
        f"{method} {PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\nContent-Type: application/json\r\n"
        f"Connection: {connection}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection((address.host, address.port or 80), 10) as client, client.makefile("rb") as stream:
        client.sendall((head.encode() + body) * times)
        heard = [_answer(stream, empty=method == "HEAD") for _ in range(times)]
        assert connection == "keep-alive" or stream.read() == b""
    return heard


def _answer(stream: BinaryIO, *, empty: bool) -> Heard:
    """One answer; its ``connection`` header is left out."""
    status = stream.readline().rstrip(b"\r\n")
    lines = iter(lambda: stream.readline().rstrip(b"\r\n"), b"")
    headers = [(name, value) for name, _, value in (line.partition(b": ") for line in lines)]
    content = b"" if empty else stream.read(int(dict(headers)[b"content-length"]))
    return status, [one for one in headers if one[0] != b"connection"], content
