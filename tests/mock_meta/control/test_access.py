"""Which web pages may use the control: the mock's own, and no others."""

import pytest

from tests.mock_meta.inside import Inside


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        (None, "127.0.0.1:8801"),
        ("http://127.0.0.1:8801", "127.0.0.1:8801"),
        ("http://[::1]:8801", "[::1]:8801"),
        ("http://Mock.test", "mock.test:80"),
        ("https://graph.facebook.com", "graph.facebook.com"),
        ("https://graph.facebook.com", "graph.facebook.com:443"),
    ],
)
def test_programs_and_the_mocks_own_page_may_use_the_control(inside: Inside, origin: str | None, host: str) -> None:
    headers = {"host": host} if origin is None else {"host": host, "origin": origin}
    assert inside.request("POST", "/_control/reset", headers=headers).status_code == 200


@pytest.mark.parametrize(
    "origin",
    [
        *("https://evil.example", "http://127.0.0.1:3000", "http://127.0.0.1", "http://localhost:8801", "null", ""),
        *("http://127.0.0.1:8801.evil.example", "file://", "http://[", "https:///"),
    ],
)
def test_pages_of_other_sites_may_not(inside: Inside, origin: str) -> None:
    inside.send()
    headers = {"host": "127.0.0.1:8801", "origin": origin}
    for method, path in (("POST", "/_control/reset"), ("GET", "/_control/ledger"), ("GET", "/metrics")):
        answer = inside.request(method, path, headers=headers)
        assert (answer.status_code, list(answer.json())) == (403, ["error"])
    assert f"no pages of other sites, such as {origin!r}" in answer.json()["error"]
    assert len(inside.requests()) == 1
