"""Whatever is sent, the answer is Graph's: a success or an error envelope, and an entry in the ledger."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from mock_meta.rules.message import TYPES
from tests.mock_meta.inside import PERSON, PHONE, TOKEN, WABA, Inside, account

scalars = (
    some.none()
    | some.booleans()
    | some.integers()
    | some.floats(allow_nan=False, allow_infinity=False)
    | some.text(max_size=12)
)
WORDS = """type text body id link title rows sections buttons reply name language code parameters components index sub_type
action header emoji message_id url example format header_handle body_text phone_number button list cta_url BODY HEADER BUTTONS"""
words = some.sampled_from(WORDS.split())
documents = some.recursive(
    scalars | words,
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(words | some.text(max_size=4), inner, max_size=5),
    max_leaves=12,
)
ENVELOPE = ("messaging_product", "to", "recipient_type", "type", "status", "context", "biz_opaque_callback_data")
quick = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def steady() -> Iterator[Inside]:
    found = Inside()
    found.control("PUT", f"/accounts/{WABA}", account())
    yield found
    found.close()


def check(answer: Any) -> None:
    document = answer.json()
    assert answer.status_code in {200, 400, 401, 403, 404, 500, 503}
    assert ("error" in document) == (answer.status_code != 200)
    if "error" in document:
        assert {"message", "type", "code", "fbtrace_id"} <= set(document["error"])


@quick
@given(some.sampled_from(TYPES), documents, some.dictionaries(words | some.just("to"), documents, max_size=3))
def test_any_message(steady: Inside, kind: str, payload: Any, more: dict[str, Any]) -> None:
    body = {"messaging_product": "whatsapp", "to": PERSON, **more, "type": kind, kind: payload}
    check(steady.graph("POST", f"{PHONE}/messages", json=body))


@quick
@given(some.lists(documents, max_size=4), documents)
def test_any_template(steady: Inside, components: list[Any], more: Any) -> None:
    typed = [
        {**one, "type": kind}
        for one, kind in zip(components, ("BODY", "HEADER", "BUTTONS"), strict=False)
        if isinstance(one, dict)
    ]
    body = {
        "name": "any",
        "category": "UTILITY",
        "language": "it",
        "components": typed,
        "message_send_ttl_seconds": more,
    }
    check(steady.graph("POST", f"{WABA}/message_templates", json=body))
    check(steady.graph("POST", f"{WABA}/message_templates", json={**body, "components": more}))


@quick
@given(some.binary(max_size=200), some.sampled_from(["application/json", "multipart/form-data; boundary=x", "text/x"]))
def test_any_bytes(steady: Inside, content: bytes, kind: str) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": kind}
    for edge in ("messages", "media", "register", "whatsapp_business_profile", ""):
        check(steady.request("POST", f"/v21.0/{PHONE}/{edge}", content=content, headers=headers))


@pytest.mark.parametrize(
    "query",
    [
        "limit=" + "9" * 5000,
        "limit=-1",
        "after=" + "A" * 5000,
        "fields=" + "{" * 50,
        "fields=%00",
        "status=[",
        "limit=٣",
    ],
)
def test_any_query(steady: Inside, query: str) -> None:
    check(steady.graph("GET", f"{WABA}/message_templates?{query}"))


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"x":', "}")])
def test_any_depth(steady: Inside, opening: str, closing: str) -> None:
    """Python's stack ends near where readers of JSON give up: what these still read must not reach the end."""
    payload = {"screen": "A", "data": {"x": "HERE"}}
    parameters = {"flow_message_version": "3", "flow_id": "1", "flow_cta": "Go", "flow_action_payload": payload}
    flow = {"type": "flow", "body": {"text": "x"}, "action": {"name": "flow", "parameters": parameters}}
    sent = {"messaging_product": "whatsapp", "to": PERSON}
    bodies = [
        {**sent, "type": "interactive", "interactive": flow},
        {**sent, "text": {"body": "x", "preview_url": "HERE"}},
    ]
    bodies += [{**sent, name: "HERE"} for name in ENVELOPE]
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    for depth in range(900, 1010, 10):
        deep = f"{opening * depth}1{closing * depth}"
        for body in bodies:
            content = json.dumps(body).replace('"HERE"', deep)
            check(steady.request("POST", f"/v21.0/{PHONE}/messages", content=content, headers=headers))
