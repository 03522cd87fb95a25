from pathlib import Path

import pytest

from conformance.contract import openapi
from conformance.contract.openapi import ContractError
from conformance.wacrm.specification import OPENAPI

WEBHOOK = {
    "id": "886313e1-3b8a-4372-9b90-0c9aee199e5d",
    "url": "https://hooks.wacrm.invalid/events",
    "events": ["message.received"],
    "is_active": True,
    "last_delivery_at": None,
    "failure_count": 0,
    "created_at": "2026-07-01T15:44:00.123456+00:00",
}
LIMITED = {"error": {"code": "rate_limited", "message": "slow down"}}
HEADERS = {
    "retry-after": "7",
    "x-ratelimit-limit": "120",
    "x-ratelimit-remaining": "0",
    "x-ratelimit-reset": "1782920677",
}


def test_an_operation_knows_its_path_scope_and_statuses() -> None:
    update = OPENAPI.operation("updateContact")
    assert (update.method, update.path, update.scope) == ("PATCH", "/contacts/{id}", "contacts:write")
    assert update.success_statuses == (200,)
    assert update.url("4711") == "/contacts/4711"
    assert (update.takes_id, update.has_body) == (True, True)
    assert update.label == "PATCH /contacts/{id}"


def test_an_unknown_operation_is_refused_by_name() -> None:
    with pytest.raises(ContractError, match="no operation 'sendMesage'; there are getMe, sendMessage"):
        OPENAPI.operation("sendMesage")


def test_a_documented_answer_has_no_problems() -> None:
    assert OPENAPI.validate("getWebhook", 200, {"data": WEBHOOK}) == []
    assert OPENAPI.validate("createWebhook", 201, {"data": WEBHOOK | {"secret": "whsec_x", "note": "a fork's"}}) == []
    assert OPENAPI.validate("deleteWebhook", 204, None) == []


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({"webhook": WEBHOOK}, "$: expected member data, got only webhook"),
        ({"data": None}, "$.data: expected object, got null"),
        ({"data": WEBHOOK | {"id": "4711"}}, '$.data.id: expected a uuid, got "4711"'),
        ({"data": WEBHOOK | {"created_at": "yesterday"}}, '$.data.created_at: expected a date-time, got "yesterday"'),
        (
            {"data": WEBHOOK | {"created_at": "2026-13-01T00:00:00Z"}},
            '$.data.created_at: expected a date-time, got "2026-13-01T00:00:00Z"',
        ),
        ({"data": WEBHOOK | {"url": "hooks"}}, '$.data.url: expected a uri, got "hooks"'),
        ({"data": WEBHOOK | {"failure_count": -1}}, "$.data.failure_count: expected at least 0, got -1"),
        ({"data": WEBHOOK | {"failure_count": True}}, "$.data.failure_count: expected integer, got true"),
        (
            {"data": WEBHOOK | {"events": ["x"]}},
            (
                '$.data.events[0]: expected one of "message.received", "message.status_updated",'
                ' "conversation.created", got "x"'
            ),
        ),
    ],
)
def test_a_problem_names_path_expected_and_actual(body: object, problem: str) -> None:
    assert OPENAPI.validate("getWebhook", 200, body) == [problem]


def test_a_missing_member_is_named() -> None:
    short = {name: value for name, value in WEBHOOK.items() if name != "failure_count"}
    (problem,) = OPENAPI.validate("getWebhook", 200, {"data": short})
    assert problem.startswith("$.data: expected member failure_count, got only created_at, events, id")


def test_an_undocumented_status_is_a_problem() -> None:
    (problem,) = OPENAPI.validate("getMe", 404, LIMITED)
    assert problem == "status: expected one of 200, 400, 401, 403, 429, 500, got 404"


def test_a_code_belongs_to_its_status() -> None:
    assert OPENAPI.validate("getMe", 429, LIMITED) == []
    assert OPENAPI.validate("getMe", 401, LIMITED) == [
        '$.error.code: expected one of "unauthorized", got "rate_limited"'
    ]
    configured = {"error": {"code": "whatsapp_not_configured", "message": "connect WhatsApp"}}
    assert OPENAPI.validate("sendMessage", 400, configured) == []
    assert OPENAPI.validate("createContact", 400, configured) == [
        '$.error.code: expected one of "bad_request", got "whatsapp_not_configured"'
    ]


def test_the_four_headers_of_429() -> None:
    assert OPENAPI.validate_headers("getMe", 429, HEADERS) == []
    assert OPENAPI.validate_headers("getMe", 200, {}) == []
    assert OPENAPI.validate_headers("getMe", 429, HEADERS | {"retry-after": "0"}) == [
        "header Retry-After: expected at least 1, got 0"
    ]
    assert OPENAPI.validate_headers("getMe", 429, HEADERS | {"x-ratelimit-reset": "soon"}) == [
        'header X-RateLimit-Reset: expected integer, got "soon"'
    ]
    without = {name: value for name, value in HEADERS.items() if name != "x-ratelimit-limit"}
    assert OPENAPI.validate_headers("getMe", 429, without) == [
        "header X-RateLimit-Limit: expected integer, got no such header"
    ]


def test_me_may_name_its_account_either_way() -> None:
    id_ = WEBHOOK["id"]
    assert OPENAPI.validate("getMe", 200, {"data": {"scopes": [], "account": {"id": id_, "name": "Acme"}}}) == []
    assert OPENAPI.validate("getMe", 200, {"data": {"scopes": [], "account_id": id_}}) == []
    assert OPENAPI.validate("getMe", 200, {"data": {"scopes": []}}) == [
        "$.data: expected member account, got only scopes"
    ]


def test_a_body_where_none_is_documented_is_a_problem() -> None:
    assert OPENAPI.validate("deleteWebhook", 204, {"data": {}}) == ['$: expected no body with 204, got {"data": {}}']


def test_a_delivery_is_judged_by_its_event() -> None:
    id_ = WEBHOOK["id"]
    body = {
        "id": id_,
        "event": "conversation.created",
        "occurred_at": "2026-07-01T15:44:00Z",
        "account_id": id_,
        "data": {"conversation_id": id_, "contact_id": id_},
    }
    assert OPENAPI.validate_event("conversation.created", body) == []
    assert OPENAPI.validate_event("message.status_updated", body) != []
    with pytest.raises(ContractError, match=r"no event 'contact\.created'"):
        OPENAPI.validate_event("contact.created", body)


def test_schemas_stand_alone() -> None:
    for wanted in OPENAPI.operations:
        for status in wanted.statuses:
            schema = OPENAPI.schema_for(wanted, status)
            assert schema is None or "components" in schema
    assert OPENAPI.schema_for(OPENAPI.operation("getMe"), 418) is None


def test_the_packaged_copy_wins_over_the_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openapi, "_FOLDERS", (tmp_path, OPENAPI.location.parent))
    assert OPENAPI.location.parent != tmp_path
    (tmp_path / "openapi.yaml").touch()
    assert OPENAPI.location.parent == tmp_path
    monkeypatch.setattr(openapi, "_FOLDERS", (tmp_path / "nowhere", tmp_path / "elsewhere"))
    with pytest.raises(ContractError, match=r"openapi\.yaml is neither in"):
        _ = OPENAPI.location
