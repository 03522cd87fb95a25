from __future__ import annotations

import json
import random
from typing import Any

import pytest

from conformance.generation.checker import Checker
from conformance.generation.defects import Trait
from conformance.generation.traffic import Request
from conformance.wacrm.generation import rules
from conformance.wacrm.generation.harmless import Harmless
from conformance.wacrm.generation.memory import Memory
from conformance.wacrm.specification import OPENAPI
from tests.conformance.wacrm.generation.tiny import NOW, Answered

ID = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
OTHER = "16fd2706-8baf-433b-82eb-8c7fada847da"
HOOK: dict[str, Any] = {
    "id": ID,
    "url": "https://hooks.wacrm.invalid/x",
    "events": ["message.received", "conversation.created"],
    "is_active": True,
    "last_delivery_at": None,
    "failure_count": 0,
    "created_at": NOW,
}
CREATED = HOOK | {"secret": "whsec_x"}


def asked(operation_id: str, id_: str | None = None, body: Any = None) -> Request:
    return Request(OPENAPI.operation(operation_id), id_, (), None if body is None else json.dumps(body).encode())


def said(status: int, body: Any, media: str = "application/json") -> Answered:
    return Answered(status, {"content-type": media}, b"" if body is None else json.dumps(body).encode())


def error(status: int, code: str, media: str = "application/json") -> Answered:
    return said(status, {"error": {"code": code, "message": "no"}}, media)


@pytest.fixture
def checker() -> Checker:
    """One that has seen a webhook created."""
    memory = Memory({"webhooks": [OTHER]})
    checker = Checker(rules(memory, Harmless(random.Random(1), str, memory)))
    checker.check(
        asked("createWebhook", body={"url": HOOK["url"], "events": HOOK["events"]}), said(201, {"data": CREATED})
    )
    return checker


def found(checker: Checker) -> list[tuple[str, Trait, str]]:
    return [(defect.clause, defect.problem.trait, defect.problem.expected) for defect in checker.defects]


def test_documented_answers_are_no_defects(checker: Checker) -> None:
    checker.check(asked("getWebhook", ID), said(200, {"data": HOOK}))
    checker.check(asked("getWebhook", "4711"), error(404, "not_found"))
    checker.check(asked("sendMessage", body={}), error(400, "bad_request", "application/json; charset=utf-8"))
    checker.check(asked("sendMessage", body={"to": "+33199000001", "text": "x"}), error(502, "meta_error"))
    checker.check(asked("sendMessage", body={"to": "+33199000001", "text": "x"}), error(500, "template_malformed"))
    checker.check(asked("deleteWebhook", ID), Answered(204, {}, b""))
    checker.check(asked("getWebhook", ID), error(404, "not_found"))
    assert found(checker) == []


@pytest.mark.parametrize(
    ("answer", "trait", "expected"),
    [
        (said(201, {"data": HOOK}), Trait.STATUS, "one of the statuses 200, 400, 401, 403, 404, 429, 500"),
        (error(500, "internal"), Trait.SERVER_ERROR, "no server error, whatever the input"),
        (error(502, "meta_error"), Trait.STATUS, "one of the statuses 200, 400, 401, 403, 404, 429, 500"),
        (said(200, {"data": HOOK}, "text/plain"), Trait.CONTENT_TYPE, "content type application/json"),
        (error(404, "missing"), Trait.SCHEMA, '$.error.code: expected one of "not_found"'),
        (Answered(200, {"content-type": "application/json"}, b"<html>"), Trait.SCHEMA, "a JSON body"),
        (error(429, "rate_limited"), Trait.HEADERS, "header Retry-After: expected integer"),
    ],
)
def test_what_does_not_conform(checker: Checker, answer: Answered, trait: Trait, expected: str) -> None:
    checker.check(asked("getWebhook", OTHER), answer)
    assert ("SPEC-01", trait, expected) in found(checker)


def test_invalid_input_that_is_accepted(checker: Checker) -> None:
    checker.check(asked("createWebhook", body={}), said(201, {"data": CREATED | {"id": OTHER}}))
    assert [(clause, trait) for clause, trait, _ in found(checker)] == [("SPEC-02", Trait.ACCEPTED)]


@pytest.mark.parametrize(
    "request_",
    [
        asked("getWebhook", "4711"),
        asked("createWebhook", body={"url": 5}),
        Request(OPENAPI.operation("listContacts"), None, (("tag", "4711"),), None),
        Request(OPENAPI.operation("listConversations"), None, (("status", "no status"),), None),
    ],
)
def test_invalid_input_that_is_a_server_error_is_not_refused(checker: Checker, request_: Request) -> None:
    checker.check(request_, error(500, "internal"))
    assert [(clause, trait) for clause, trait, _ in found(checker)] == [("SPEC-02", Trait.NOT_REFUSED)]


@pytest.mark.parametrize("query", [(), (("limit", "x"),), (("tag", ID),), (("unknown", "x"),)])
def test_other_input_that_is_a_server_error_does_not_conform(
    checker: Checker, query: tuple[tuple[str, str], ...]
) -> None:
    checker.check(Request(OPENAPI.operation("listContacts"), None, query, None), error(500, "internal"))
    assert [(clause, trait) for clause, trait, _ in found(checker)] == [("SPEC-01", Trait.SERVER_ERROR)]


@pytest.mark.parametrize(
    ("request_", "answer", "promise"),
    [
        (asked("getWebhook", ID), error(404, "not_found"), "the webhook that was created"),
        (asked("getWebhook", ID), said(200, {"data": HOOK | {"id": OTHER}}), f'id to be "{ID}" as before'),
        (asked("getWebhook", OTHER[::-1].replace("-", "0")), error(404, "not_found"), ""),
        (asked("getWebhook", ID), said(200, {"data": HOOK | {"events": HOOK["events"][::-1]}}), ""),
        (asked("getWebhook", ID), said(200, {"data": HOOK | {"events": ["message.received"]}}), "events to be"),
        (
            asked("updateWebhook", ID, {"is_active": False}),
            said(200, {"data": HOOK | {"url": "https://y.invalid"}}),
            "url to be",
        ),
        (
            asked("getWebhook", "00000000-0000-4000-8000-000000000000"),
            said(200, {"data": HOOK}),
            "404 for a webhook id",
        ),
    ],
)
def test_what_a_sequence_promises(checker: Checker, request_: Request, answer: Answered, promise: str) -> None:
    checker.check(request_, answer)
    broken = [expected for clause, _, expected in found(checker) if clause == "SPEC-03"]
    assert [expected[: len(promise)] for expected in broken] == ([promise] if promise else [])


def test_a_change_is_what_is_read_then(checker: Checker) -> None:
    changed = HOOK | {"url": "https://y.invalid"}
    checker.check(asked("updateWebhook", ID, {"url": "https://y.invalid"}), said(200, {"data": changed}))
    checker.check(asked("getWebhook", ID), said(200, {"data": changed}))
    assert found(checker) == []
    checker.check(asked("getWebhook", ID), said(200, {"data": HOOK}))
    assert [clause for clause, _, _ in found(checker)] == ["SPEC-03"]


def test_what_a_list_named_is_known(checker: Checker) -> None:
    row = HOOK | {"id": "00000000-0000-4000-8000-000000000000"}
    checker.check(asked("listWebhooks"), said(200, {"data": [row], "meta": {"next_cursor": None}}))
    checker.check(asked("getWebhook", row["id"]), said(200, {"data": row}))
    assert found(checker) == []


def test_the_smallest_request_stands_for_a_defect(checker: Checker) -> None:
    for body in ({"is_active": True, "url": HOOK["url"]}, {}, {"is_active": True}):
        checker.check(asked("updateWebhook", ID, body), error(500, "internal"))
    (defect,) = checker.defects
    assert (defect.count, defect.request.body) == (3, b"{}")
    assert defect.sentence.startswith(
        "PATCH /webhooks/{id}: expected no server error, whatever the input; actual HTTP 500"
    )
