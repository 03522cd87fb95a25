from __future__ import annotations

import itertools
import json
import random
from typing import Any

import pytest

from conformance.generation.traffic import Request
from conformance.wacrm.generation.harmless import IMPOSSIBLE_IDS, Harmless, KnownTemplate
from conformance.wacrm.generation.memory import Memory
from conformance.wacrm.specification import OPENAPI

ID = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
GIVEN = "16fd2706-8baf-433b-82eb-8c7fada847da"


@pytest.fixture
def harmless() -> Harmless:
    numbers = itertools.count(199_000_000)
    memory = Memory({"contacts": [GIVEN]})
    return Harmless(random.Random(1), lambda: f"+33{next(numbers)}", memory, [KnownTemplate("known", "it", 2)])


def rewritten(harmless: Harmless, operation_id: str, body: Any) -> Any:
    return json.loads(
        harmless(Request(OPENAPI.operation(operation_id), None, (), json.dumps(body).encode())).body or b""
    )


@pytest.mark.parametrize("dialable", ["+14155550123", "0049 30 1234567", "1234567", 14155552671])
def test_what_might_be_dialled_becomes_a_number_of_ours(harmless: Harmless, dialable: object) -> None:
    assert str(rewritten(harmless, "sendMessage", {"to": dialable})["to"]).lstrip("+").startswith("33199")
    nested = rewritten(harmless, "sendMessage", {"x": [{"phone": dialable}]})
    assert str(nested["x"][0]["phone"]).lstrip("+").startswith("33199")


@pytest.mark.parametrize("other", ["", "12345", "1" * 16, None, True, [], {}])
def test_what_cannot_be_dialled_stays(harmless: Harmless, other: object) -> None:
    assert rewritten(harmless, "createContact", {"phone": other}) == {"phone": other}


@pytest.mark.parametrize(
    "url", ["https://real.example/x?y#z", "https:\\\\real.example/x?y#z", "HTTPS://u:p@real.example:1/x?y#z"]
)
def test_hosts_never_resolve(harmless: Harmless, url: str) -> None:
    changed = rewritten(harmless, "createWebhook", {"url": url})["url"]
    assert "real" not in changed
    assert changed.lower() == "https://generated.wacrm.invalid/x?y#z"


def test_impossible_ids_are_ones_that_no_proxy_rewrites(harmless: Harmless) -> None:
    for generated in ("..", ".", "a/b", "\x00"):
        changed = harmless(Request(OPENAPI.operation("getContact"), generated, (), None)).id
        assert changed in IMPOSSIBLE_IDS


def test_what_is_written_to_is_what_the_run_created(harmless: Harmless) -> None:
    written = {harmless(Request(OPENAPI.operation("updateContact"), ID, (), b"{}")).id for _ in range(20)}
    read = {harmless(Request(OPENAPI.operation("getContact"), ID, (), None)).id for _ in range(20)}
    assert written == {ID}
    assert read == {ID, GIVEN}


def test_templates_are_known_ones_with_as_many_values_as_they_take(harmless: Harmless) -> None:
    body = {"to": "x", "type": "template", "template": {"name": "a", "language": "b", "params": ["v"]}}
    templates = [rewritten(harmless, "sendMessage", body)["template"] for _ in range(10)]
    assert {"name": "known", "language": "it", "params": ["v", "value"]} in templates


def test_an_invalid_template_stays_invalid(harmless: Harmless) -> None:
    for invalid in ({"name": "", "language": "b"}, {"name": 5, "language": "b"}, 5, None):
        assert rewritten(harmless, "sendMessage", {"template": invalid}) == {"template": invalid}


def test_a_cursor_is_left_out_or_one_that_was_issued(harmless: Harmless) -> None:
    harmless.memory.cursors["listContacts"].append("issued")
    asked = [
        harmless(Request(OPENAPI.operation("listContacts"), None, (("cursor", "x"),), None)).query for _ in range(40)
    ]
    assert set(asked) == {(), (("cursor", "x"),), (("cursor", "issued"),)}


def test_a_reply_is_to_a_message_of_the_same_number(harmless: Harmless) -> None:
    harmless.memory.sent.append(("+33199999999", GIVEN))
    replies = [rewritten(harmless, "sendMessage", {"to": "+33199000001", "reply_to_message_id": ID}) for _ in range(10)]
    assert {"to": "+33199999999", "reply_to_message_id": GIVEN} in replies


@pytest.mark.parametrize("operation_id", ["updateWebhook", "deleteWebhook"])
def test_rows_of_others_that_a_list_named_are_never_written_to(harmless: Harmless, operation_id: str) -> None:
    harmless.memory.seen["webhooks"].add(ID)
    body = b"{}" if operation_id == "updateWebhook" else None
    assert ID not in {harmless(Request(OPENAPI.operation(operation_id), ID, (), body)).id for _ in range(50)}
    assert harmless(Request(OPENAPI.operation("getWebhook"), ID, (), None)).id == ID
