from __future__ import annotations

import httpx
import pytest

from tests.reference.wacrm.conftest import Deployment, key, refused

FILE = b"\xff\xd8\x00\r\n"


def _meta_has_a_file(wacrm: Deployment) -> None:
    def answer(request: httpx.Request, _wamid: str) -> httpx.Response:
        if request.url.host == "files.invalid":
            return httpx.Response(200, content=FILE)
        return httpx.Response(200, json={"url": "https://files.invalid/77", "mime_type": "audio/ogg; codecs=opus"})

    wacrm.meta.answer = answer


def _fetch(wacrm: Deployment, url: str, letter: str | None = "A") -> httpx.Response:
    headers = {} if letter is None else {"Authorization": f"Bearer {key(letter)}"}
    return wacrm.client.get(url, headers=headers)


def test_the_media_url_of_a_message_leads_to_metas_file(wacrm: Deployment) -> None:
    _meta_has_a_file(wacrm)
    wacrm.inbound({"from": "14155550100", "id": "wamid.1", "timestamp": "1", "type": "audio", "audio": {"id": "77"}})
    url = wacrm.messages(wacrm.newest()["id"])[0]["media_url"]
    for _ in range(2):
        answer = _fetch(wacrm, url)
        assert (answer.status_code, answer.content) == (200, FILE)
        assert answer.headers["content-type"] == "audio/ogg; codecs=opus"
    assert {request.headers["authorization"] for request in wacrm.meta.requests} == {"Bearer token 111"}


@pytest.mark.parametrize(("letter", "status"), [(None, 401), ("R", 401), ("N", 403), ("C", 404)])
def test_the_file_is_for_keys_that_may_read_messages(wacrm: Deployment, letter: str | None, status: int) -> None:
    _meta_has_a_file(wacrm)
    assert _fetch(wacrm, "/api/whatsapp/media/77", letter).status_code == status
    assert wacrm.meta.requests == []


def test_an_id_that_is_none_does_not_reach_meta(wacrm: Deployment) -> None:
    assert _fetch(wacrm, "/api/whatsapp/media/me").status_code == 404
    assert wacrm.meta.requests == []


def test_metas_refusal_is_502(wacrm: Deployment) -> None:
    wacrm.meta.answer = lambda _request, _wamid: refused("(#100) Unsupported get request")
    answer = _fetch(wacrm, "/api/whatsapp/media/77")
    assert (answer.status_code, answer.json()["error"]["code"]) == (502, "meta_error")
