"""The headers of an answer (fact sheet 3.3)."""

import re

from tests.mock_meta.inside import PHONE, TOKEN, Inside


def test_headers_of_an_answer(inside: Inside) -> None:
    good, bad = inside.graph("GET", PHONE), inside.graph("GET", "999")
    for answer in (good, bad):
        assert answer.headers["content-type"] == "application/json; charset=UTF-8"
        assert answer.headers["access-control-allow-origin"] == "*"
        assert answer.headers["facebook-api-version"] == "v21.0"
        assert answer.headers["expires"] == "Sat, 01 Jan 2000 00:00:00 GMT"
        assert len(answer.headers["x-fb-trace-id"]) == 11
        assert len(answer.headers["x-fb-debug"]) == 88
    assert good.headers["cache-control"] == "private, no-cache, no-store, must-revalidate"
    assert bad.headers["cache-control"] == "no-store"
    trace = bad.json()["error"]["fbtrace_id"]
    assert re.fullmatch(r"A[A-Za-z0-9_-]{22}", trace)
    assert bad.headers["x-fb-request-id"] == trace
    assert good.headers["etag"]


def test_the_version_is_echoed_and_optional(inside: Inside) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    assert inside.request("GET", f"/v24.0/{PHONE}", headers=headers).headers["facebook-api-version"] == "v24.0"
    assert inside.request("GET", f"/{PHONE}", headers=headers).status_code == 200
    assert inside.request("GET", f"/v21/{PHONE}", headers=headers).status_code == 404
    problems = [entry["problems"] for entry in inside.requests()]
    assert problems[:2] == [[], ["path: no version segment"]]
    assert problems[2][0] == "path: 'v21' is not a version like v21.0"
