from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from conformance.generation.every_answer import AnswerAudit, described, shape
from conformance.target.exchange import Exchange
from conformance.wacrm.specification import OPENAPI

ID = "3f333df6-90a4-4fda-8dd3-9485d27cee36"
ME = {"account": {"id": ID, "name": "A"}, "key": {"id": ID, "scopes": []}}
PATIENCE = 20.0


def exchange(status: int, body: Any, path: str = "/me", sent: bytes = b"", kind: str = "application/json") -> Exchange:
    headers = httpx.Headers({"content-type": kind})
    return Exchange(
        "POST" if sent else "GET",
        f"http://t/api/v1{path}",
        {},
        sent,
        None,
        status,
        headers,
        json.dumps(body).encode(),
        0.0,
        0.0,
    )


def test_a_documented_answer_has_no_problem() -> None:
    audit = AnswerAudit(OPENAPI)
    audit.hear(exchange(200, {"data": ME}), "AUTH-07")
    assert audit.found(PATIENCE) == []
    assert audit.checked == 1


@pytest.mark.parametrize(
    ("answer", "part"),
    [
        (exchange(200, {"data": {**ME, "key": 5}}), "$.data.key"),
        (exchange(200, {"data": ME}, kind="text/html"), "content type application/json"),
        (exchange(418, {"error": {"code": "x", "message": "y"}}), "one of the statuses"),
        (exchange(401, {"error": {"code": "unauthorized"}}), "member message"),
    ],
)
def test_a_problem_is_told_once_with_all_its_clauses(answer: Exchange, part: str) -> None:
    audit = AnswerAudit(OPENAPI)
    audit.hear(answer, "AUTH-07")
    audit.hear(answer, "ENV-01")
    (found,) = audit.found(PATIENCE)
    assert found.clauses == {"AUTH-07", "ENV-01"}
    assert part in described(found)


@pytest.mark.parametrize(
    "answer",
    [exchange(404, {}, path="/nothing"), exchange(413, {}, path="/contacts", sent=b" " * (2**20 + 1))],
    ids=["no operation", "too large"],
)
def test_what_other_clauses_are_about_is_left_out(answer: Exchange) -> None:
    audit = AnswerAudit(OPENAPI)
    audit.hear(answer, "ENV-02")
    assert audit.found(PATIENCE) == []


def test_shapes_keep_what_a_schema_can_ask_for() -> None:
    same = [{"id": ID, "at": "2026-01-01T00:00:00Z", "phone": "+14155550100", "n": n, "t": f"a {n}"} for n in (1, 2)]
    assert shape(same[0]) == shape(same[1]) == shape(same[0] | {"id": ID.replace("3", "4")})
    for other in (
        {"id": "4711"},
        {"at": "yesterday"},
        {"phone": "0155"},
        {"n": -1},
        {"n": 1.5},
        {"n": True},
        {"t": "open"},
        {"t": ""},
    ):
        assert shape(same[0] | other) != shape(same[0])
    assert shape([same[0]]) == shape(same)
    assert shape([]) != shape(same)
