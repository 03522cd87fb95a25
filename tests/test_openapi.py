"""The specification says what the contract says: a missing operation, member, code, header or event is a defect."""

import pytest
from openapi_spec_validator import validate

from conformance.wacrm.specification import OPENAPI
from tests.openapi_document import every_member, every_schema, members, raw, resolved, schema

SCOPES = {
    "GET /me": None,
    "POST /messages": "messages:send",
    "GET /contacts": "contacts:read",
    "POST /contacts": "contacts:write",
    "GET /contacts/{id}": "contacts:read",
    "PATCH /contacts/{id}": "contacts:write",
    "GET /conversations": "conversations:read",
    "GET /conversations/{id}": "conversations:read",
    "GET /conversations/{id}/messages": "messages:read",
    "POST /broadcasts": "broadcasts:send",
    "GET /broadcasts/{id}": "broadcasts:send",
    "POST /webhooks": "webhooks:manage",
    "GET /webhooks": "webhooks:manage",
    "GET /webhooks/{id}": "webhooks:manage",
    "PATCH /webhooks/{id}": "webhooks:manage",
    "DELETE /webhooks/{id}": "webhooks:manage",
}
CODES = {
    400: {"bad_request"},
    401: {"unauthorized"},
    403: {"forbidden"},
    404: {"not_found"},
    429: {"rate_limited"},
    500: {"internal"},
}
SEND_CODES = CODES | {
    400: {"bad_request", "whatsapp_not_configured"},
    500: {"internal", "template_malformed"},
    502: {"meta_error"},
}
SENDS = {"POST /messages", "POST /broadcasts"}
SUCCESS = {
    "POST /messages": {201},
    "POST /contacts": {200, 201},
    "POST /broadcasts": {202},
    "POST /webhooks": {201},
    "DELETE /webhooks/{id}": {200, 204},
}
NOUNS = {
    "Contact": "id phone name email company avatar_url tags created_at updated_at",
    "Tag": "id name color",
    "Conversation": (
        "id contact_id status assigned_agent_id last_message_text last_message_at unread_count"
        " created_at updated_at contact"
    ),
    "ConversationContact": "id phone name email company tags",
    "Message": (
        "id conversation_id direction sender_type content_type content_text media_url template_name whatsapp_message_id"
        " status reply_to_message_id interactive_reply_id created_at"
    ),
    "SentMessage": "message_id whatsapp_message_id conversation_id contact_id contact_created",
    "AcceptedBroadcast": "broadcast_id status total_recipients accepted rejected",
    "Broadcast": (
        "id name template_name template_language status total_recipients sent_count delivered_count read_count"
        " replied_count failed_count created_at updated_at"
    ),
    "Webhook": "id url events is_active last_delivery_at failure_count created_at",
    "PageMeta": "next_cursor",
    "ErrorDetail": "code message",
}
BODIES = {
    "sendMessage": ("to type text media_url filename template reply_to_message_id name", "to"),
    "createContact": ("phone name email company tags", "phone"),
    "updateContact": ("name email company tags", ""),
    "createBroadcast": ("name template_name template_language recipients", "template_name recipients"),
    "createWebhook": ("url events", "url events"),
    "updateWebhook": ("url events is_active", ""),
}
EVENTS = {
    "message.received": "conversation_id contact_id whatsapp_message_id content_type text",
    "message.status_updated": "whatsapp_message_id conversation_id status",
    "conversation.created": "conversation_id contact_id",
}


def test_the_document_is_valid_openapi() -> None:
    validate(dict(OPENAPI.document))


def test_there_are_the_sixteen_operations_with_their_scopes() -> None:
    assert {operation.label: operation.scope for operation in OPENAPI.operations} == SCOPES
    assert len({operation.id for operation in OPENAPI.operations}) == 16


def test_every_operation_wants_a_bearer_key() -> None:
    assert OPENAPI.document["security"] == [{"apiKey": []}]
    scheme = OPENAPI.document["components"]["securitySchemes"]["apiKey"]
    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")
    assert not [label for label in SCOPES if "security" in raw(label)]


@pytest.mark.parametrize("label", SCOPES)
def test_success_is_documented(label: str) -> None:
    (operation,) = (operation for operation in OPENAPI.operations if operation.label == label)
    assert set(operation.success_statuses) == SUCCESS.get(label, {200})


@pytest.mark.parametrize("label", SCOPES)
def test_each_status_has_its_codes_and_no_other(label: str) -> None:
    answers = {int(status): resolved(answer) for status, answer in raw(label)["responses"].items()}
    failures = {status: answer for status, answer in answers.items() if status >= 400}
    expected = SEND_CODES if label in SENDS else CODES
    for status, answer in failures.items():
        error = resolved(answer["content"]["application/json"]["schema"])["properties"]["error"]
        assert set(error["properties"]["code"]["enum"]) == expected[status]
    assert set(expected) - {404} <= set(failures)


@pytest.mark.parametrize(
    "label", [label for label in SCOPES if "{id}" in label or label in {"GET /conversations", "POST /messages"}]
)
def test_an_id_that_names_nothing_is_404(label: str) -> None:
    assert "404" in raw(label)["responses"]


def test_an_error_has_code_and_message() -> None:
    for name, node in OPENAPI.document["components"]["schemas"].items():
        if name.endswith("Error"):
            error = resolved(node["properties"]["error"])
            assert node["required"] == ["error"]
            assert error["required"] == ["code", "message"]


@pytest.mark.parametrize("label", SCOPES)
def test_429_has_four_headers(label: str) -> None:
    headers = resolved(raw(label)["responses"]["429"])["headers"]
    assert set(headers) == {"Retry-After", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"}
    for header in map(resolved, headers.values()):
        assert header["required"] is True
        assert header["schema"]["type"] == "integer"


@pytest.mark.parametrize(("noun", "fields"), NOUNS.items())
def test_a_noun_has_every_documented_member_and_requires_it(noun: str, fields: str) -> None:
    node = schema(noun)
    assert set(node["properties"]) == set(fields.split())
    assert set(node["required"]) == set(fields.split())


def test_a_secret_is_in_the_creating_answer_alone() -> None:
    assert "secret" in members(schema("CreatedWebhook"))
    assert "secret" not in members(schema("Webhook"))


def test_me_names_account_and_key() -> None:
    assert members(schema("Me")) == {"account", "key"}
    assert members(schema("OwnKey")) == {"id", "scopes"}


def test_other_tools_can_use_the_schemas() -> None:
    """A branch that only requires members, and a list of anything, is what code generators stumble over."""
    for where, node in every_schema():
        for branch in (*node.get("anyOf", ()), *node.get("oneOf", ())):
            assert set(branch) != {"required"}, where
        assert node.get("type") != "array" or "items" in node, where


@pytest.mark.parametrize(("operation_id", "fields", "required"), [(id_, *facts) for id_, facts in BODIES.items()])
def test_a_body_has_every_documented_member(operation_id: str, fields: str, required: str) -> None:
    (operation,) = (operation for operation in OPENAPI.operations if operation.id == operation_id)
    node = resolved(raw(operation.label)["requestBody"]["content"]["application/json"]["schema"])
    assert members(node) == set(fields.split())
    for branch in node.get("oneOf", [node]):
        assert set(required.split()) <= set(resolved(branch).get("required", []))


def test_the_message_types_are_the_six() -> None:
    types = {
        value for branch in schema("SendMessage")["oneOf"] for value in resolved(branch)["properties"]["type"]["enum"]
    }
    assert types == {"text", "template", "image", "video", "document", "audio"}


def test_limits_of_requests() -> None:
    assert schema("Phone")["pattern"] == r"^\+[1-9]\d{6,14}$"
    recipients = schema("CreateBroadcast")["properties"]["recipients"]
    assert (recipients["minItems"], recipients["maxItems"]) == (1, 1000)
    assert schema("CreateBroadcast")["properties"]["template_language"]["default"] == "en_US"
    assert schema("SendText")["properties"]["text"]["maxLength"] == 4096
    limit = OPENAPI.document["components"]["parameters"]["Limit"]["schema"]
    assert (limit["minimum"], limit["maximum"], limit["default"]) == (1, 100, 50)


@pytest.mark.parametrize(
    ("label", "names"),
    [
        ("GET /contacts", "search tag limit cursor"),
        ("GET /conversations", "status contact_id limit cursor"),
        ("GET /conversations/{id}/messages", "limit cursor"),
        ("GET /webhooks", "limit cursor"),
    ],
)
def test_lists_take_their_filters(label: str, names: str) -> None:
    assert {resolved(parameter)["name"] for parameter in raw(label)["parameters"]} == set(names.split())
    answer = resolved(raw(label)["responses"]["200"]["content"]["application/json"]["schema"])
    assert answer["required"] == (["data"] if label == "GET /webhooks" else ["data", "meta"])


def test_closed_lists_are_closed_and_such_as_lists_are_open() -> None:
    assert schema("Conversation")["properties"]["status"]["enum"] == ["open", "pending", "closed"]
    assert schema("Broadcast")["properties"]["status"]["enum"] == ["sending", "sent"]
    message = schema("Message")["properties"]
    assert message["direction"]["enum"] == ["inbound", "outbound"]
    assert "enum" not in message["status"]
    assert "enum" not in message["sender_type"]
    documented = {"text", "image", "video", "document", "audio", "template", "unsupported", "interactive", "location"}
    assert set(message["content_type"]["enum"]) == documented


def test_answers_may_carry_more_than_is_documented() -> None:
    text = repr(OPENAPI.document)
    assert "additionalProperties" not in text
    assert "unevaluatedProperties" not in text


@pytest.mark.parametrize(("event", "fields"), EVENTS.items())
def test_events_have_their_envelope_and_headers(event: str, fields: str) -> None:
    operation = OPENAPI.document["webhooks"][event]["post"]
    body = resolved(operation["requestBody"]["content"]["application/json"]["schema"])
    assert set(body["required"]) == {"id", "event", "occurred_at", "account_id", "data"}
    assert body["properties"]["event"]["const"] == event
    assert set(body["properties"]["data"]["required"]) == set(fields.split())
    headers = {resolved(parameter)["name"] for parameter in operation["parameters"]}
    assert headers == {"X-Wacrm-Event", "X-Wacrm-Webhook-Id", "X-Wacrm-Signature"}


def test_there_are_the_three_events() -> None:
    assert set(OPENAPI.document["webhooks"]) == set(EVENTS)
    assert set(schema("EventName")["enum"]) == set(EVENTS)


def test_the_scopes_are_the_documented_ones() -> None:
    assert set(schema("Scope")["enum"]) == {scope for scope in SCOPES.values() if scope}


def test_every_member_has_a_type_a_description_and_an_example() -> None:
    lacking = []
    for where, member in every_member():
        node = resolved(member)
        whole = node.get("type") in ("object", "array") or "allOf" in node  # the parts have the examples
        typed = any(keyword in node for keyword in ("type", "oneOf", "anyOf", "allOf", "enum"))
        fine = typed and "description" in node and (whole or "examples" in node)
        lacking += [] if fine else [where]
    assert lacking == []


def test_examples_are_valid_by_their_own_schemas() -> None:
    from conformance.contract.json_schema import problems  # noqa: PLC0415 - the one test that needs it

    components = {"components": OPENAPI.document["components"]}
    for where, member in every_member():
        for example in resolved(member).get("examples", []):
            assert not problems(resolved(member) | components, example), where


LINKS = {
    "createContact": {"getContact", "updateContact", "listConversations"},
    "createWebhook": {"getWebhook", "updateWebhook", "deleteWebhook"},
    "sendMessage": {"getConversation", "listConversationMessages", "getContact", "listConversations"},
    "createBroadcast": {"getBroadcast"},
    "deleteWebhook": {"getWebhook"},
    "listContacts": {"getContact", "listContacts"},
    "listConversations": {"getConversation", "listConversations"},
}


@pytest.mark.parametrize(("operation_id", "targets"), LINKS.items())
def test_links_lead_on(operation_id: str, targets: set[str]) -> None:
    (operation,) = (operation for operation in OPENAPI.operations if operation.id == operation_id)
    for status in operation.success_statuses:
        links = raw(operation.label)["responses"][str(status)]["links"]
        assert {resolved(link)["operationId"] for link in links.values()} == targets
