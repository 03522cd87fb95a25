"""Prometheus metrics: what they count, and in which format."""

from tests.mock_meta.inside import PERSON, PHONE, WABA, Inside


def test_metrics(inside: Inside) -> None:
    inside.send()
    inside.refused(to="x")
    text = inside.request("GET", "/metrics").text
    assert 'mock_meta_requests_total{operation="messages.send",outcome="accepted"} 1' in text
    assert 'mock_meta_requests_total{operation="messages.send",outcome="refused"} 1' in text
    assert "mock_meta_pending_webhooks 0" in text


def test_a_webhook_that_nobody_listens_to_is_counted_until_the_reset(inside: Inside) -> None:
    def suppressed() -> str:
        lines = inside.request("GET", "/metrics").text.splitlines()
        assert "# TYPE mock_meta_suppressed_webhooks_total counter" in lines
        return next(line for line in lines if line.startswith("mock_meta_suppressed_webhooks_total ")).split()[1]

    inside.control("PUT", f"/accounts/{WABA}", {"subscribed": False})
    inside.control("POST", "/inbound", {"phone_number_id": PHONE, "messages": [{"from": PERSON}]})
    assert suppressed() == "1.0"
    inside.control("POST", "/reset")
    assert suppressed() == "0.0"
