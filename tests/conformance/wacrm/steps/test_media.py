from __future__ import annotations

import httpx
import pytest

from conformance.target.exchange import Exchange
from conformance.wacrm.steps.media import KINDS, File, difference

FILE = File(KINDS["voice note"], b"OggS\x00", "wamid.1")


def _answer(status: int = 200, content: bytes = FILE.content, media_type: str = "audio/ogg") -> Exchange:
    headers = httpx.Headers({"Content-Type": media_type})
    return Exchange("GET", "http://wacrm.invalid/1", {}, b"", None, status, headers, content, 0.0, 0.0)


@pytest.mark.parametrize("media_type", ["audio/ogg", "Audio/Ogg; codecs=opus"])
def test_the_file_itself_is_no_difference(media_type: str) -> None:
    assert difference(_answer(media_type=media_type), FILE) == ""


@pytest.mark.parametrize(
    "answer",
    [_answer(404), _answer(302), _answer(content=b"OggS"), _answer(content=b""), _answer(media_type="application/ogg")],
    ids=["not found", "redirect", "shorter", "empty", "another type"],
)
def test_anything_else_is_a_difference(answer: Exchange) -> None:
    assert difference(answer, FILE)


def test_files_of_one_kind_differ() -> None:
    for kind in KINDS.values():
        assert kind.file("one") != kind.file("two")
        assert kind.file("one").startswith(kind.head)
