"""Bodies and requests that never end, and what becomes of them."""

import asyncio
import tracemalloc
from collections.abc import MutableMapping
from typing import Any

import pytest

from mock_meta.protocol.call import MOST_FILE_BYTES, most_bytes
from mock_meta.protocol.connection import BodyTooLargeError, read_body
from tests.mock_meta.fidelity import fact
from tests.mock_meta.inside import PHONE, Inside

MIB = 1024 * 1024


def received(*pieces: bytes, complete: bool = True) -> Any:
    """A caller who sends these pieces, and then the rest or nothing more."""
    messages: list[MutableMapping[str, Any]] = [
        {"type": "http.request", "body": piece, "more_body": True} for piece in pieces
    ]
    messages.append({"type": "http.request", "body": b""} if complete else {"type": "http.disconnect"})
    waiting = iter(messages)

    async def receive() -> MutableMapping[str, Any]:
        return next(waiting)

    return receive


def test_a_body_is_whole_or_there_is_none() -> None:
    assert asyncio.run(read_body(received(b"a", b"b"), 2)) == b"ab"
    assert asyncio.run(read_body(received(), 2)) == b""
    assert asyncio.run(read_body(received(b"a", complete=False), 2)) is None


@pytest.mark.parametrize("pieces", [(b"abc",), (b"a", b"b", b"c")])
def test_one_byte_too_many_is_too_large(pieces: tuple[bytes, ...]) -> None:
    with pytest.raises(BodyTooLargeError):
        asyncio.run(read_body(received(*pieces), 2))


def test_what_is_too_large_is_not_kept() -> None:
    piece = bytes(MIB)
    tracemalloc.start()
    with pytest.raises(BodyTooLargeError):
        asyncio.run(read_body(received(*[piece] * 200), 3 * MIB))
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 8 * MIB


@fact(
    "a body with a file may have 100 MB (a document's limit)",
    source="Meta: media, post-processing",
    month="2026-09",
    sure="documented",
)
def test_files_have_metas_limit() -> None:
    for path in (f"/v21.0/{PHONE}/media", "/v21.0/upload:MTphd"):
        assert 100_000_000 < most_bytes(path) == MOST_FILE_BYTES


@fact(
    "a JSON body beyond 3 MB, the size of Meta's own POSTs, is refused with HTTP 413",
    source="Meta: webhooks, payload size; RFC 9110 15.5.14",
    month="2026-09",
    sure="inferred",
)
def test_a_send_that_is_too_large_is_refused_and_on_record(inside: Inside) -> None:
    for path in (f"{PHONE}/messages", "102290129340398/message_templates"):
        answer = inside.graph("POST", path, content=bytes(3 * MIB + 1))
        assert (answer.status_code, answer.json()["error"]["code"]) == (413, 100)
    assert [entry["status"] for entry in inside.requests()] == [413, 413]
