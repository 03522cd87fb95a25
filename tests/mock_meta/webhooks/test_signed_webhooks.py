"""Headers and signatures of webhooks, right and wrong on purpose (fact sheet 15)."""

import hashlib
import hmac

from tests.mock_meta.conftest import Live, Receiver
from tests.mock_meta.inside import SECRET, WABA
from tests.mock_meta.webhooks.test_delivery import INBOUND, send


def test_statuses_arrive_signed_with_metas_headers(live: Live, receiver: Receiver) -> None:
    send(live)
    receiver.wait(3)
    assert receiver.statuses() == ["sent", "delivered", "read"]
    headers, body = receiver.posts[0]
    expected = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    assert headers["X-Hub-Signature-256"] == f"sha256={expected}"
    assert headers["X-Hub-Signature"].startswith("sha1=")
    assert headers["Content-Type"] == "application/json"
    assert headers["User-Agent"] == "facebookexternalua"
    assert headers["Accept-Encoding"] == "deflate, gzip"
    assert headers["Content-Length"] == str(len(body))


def test_the_body_is_metas_escaped_form(live: Live, receiver: Receiver) -> None:
    live.control("POST", "/inbound", INBOUND)
    assert rb"Perch\u00e9 s\u00ec \ud83d\udc4d a\/b" in receiver.posts[0][1]


def test_signatures_on_demand(live: Live, receiver: Receiver) -> None:
    payload = {"object": "whatsapp_business_account", "entry": [], "text": "é/"}
    bodies = {"raw": '{"object":"whatsapp_business_account","entry":[],"text":"é/"}'.encode()}
    bodies["escaped"] = rb'{"object":"whatsapp_business_account","entry":[],"text":"\u00e9\/"}'
    for signature, escape in (
        ("valid", True),
        ("valid", False),
        ("none", True),
        ("wrong", True),
        ("sha1-only", True),
        ("unescaped", True),
    ):
        live.control(
            "POST", "/webhooks", {"waba_id": WABA, "payload": payload, "signature": signature, "escape": escape}
        )

    def signed(body: bytes) -> str:
        return "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()

    seen = [
        (headers.get("X-Hub-Signature-256"), "X-Hub-Signature" in headers, body) for headers, body in receiver.posts
    ]
    escaped, raw = bodies["escaped"], bodies["raw"]
    assert seen[0] == (signed(escaped), True, escaped)
    assert seen[1] == (signed(raw), True, raw)
    assert seen[2] == (None, False, escaped)
    assert seen[3][0] not in (None, signed(escaped))
    assert seen[4] == (None, True, escaped)
    assert seen[5] == (signed(raw), True, escaped)
