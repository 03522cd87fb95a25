"""Which web pages may use the control: the mock's own, and no others; and under which names it is asked."""

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


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1:8801", "[::1]:8801", "localhost", "LOCALHOST:8801", "mock.localhost", "10.1.2.3", "mock:8801"),
        *("host.docker.internal", "graph.facebook.com", "lookaside.fbsbx.com:443", "localhost.:8801"),
    ],
)
def test_the_control_answers_to_names_that_nobody_else_can_own(inside: Inside, host: str) -> None:
    assert inside.request("GET", "/_control/health", headers={"host": host}).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.nip.io:8801", "localhost.evil.example", "[", "mock.evil"])
def test_a_foreign_name_that_leads_here_steers_nothing(inside: Inside, host: str) -> None:
    inside.send()
    for headers in ({"host": host}, {"host": host, "origin": f"http://{host}"}):
        for method, path in (("POST", "/_control/reset"), ("GET", "/_control/"), ("GET", "/metrics")):
            answer = inside.request(method, path, headers=headers)
            assert (answer.status_code, list(answer.json())) == (403, ["error"])
    assert len(inside.requests()) == 1


def test_a_name_that_was_given_is_one_of_the_mocks() -> None:
    named = Inside(allowed_hosts=frozenset({"mock.example"}))
    assert named.request("GET", "/_control/health", headers={"host": "mock.example:80"}).status_code == 200
    named.close()


def test_the_page_cannot_be_framed(inside: Inside) -> None:
    for path in ("/_control/", "/_control/page/page.js"):
        headers = inside.request("GET", path).headers
        assert headers["x-frame-options"] == "DENY"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
