"""POST /{phone_number_id}/messages: what Meta takes, what it refuses, and in which order."""

from typing import Any

import pytest

from mock_meta.protocol.wamid import decode_wamid
from tests.mock_meta.inside import PERSON, PHONE, WABA, Inside, account, details

LINK = "https://files.example/a.png"
MESSAGES: list[dict[str, Any]] = [
    {"type": "text", "text": {"body": "x" * 4096, "preview_url": True}},
    {"type": None, "text": {"body": "the default type"}},
    {"type": "image", "text": None, "image": {"link": LINK, "caption": "c" * 1024}},
    {"type": "video", "text": None, "video": {"link": LINK}},
    {"type": "document", "text": None, "document": {"link": LINK, "filename": "fattura è.pdf"}},
    {"type": "audio", "text": None, "audio": {"link": LINK, "voice": True}},
    {"type": "sticker", "text": None, "sticker": {"link": LINK}},
    {"type": "location", "text": None, "location": {"latitude": "45.4", "longitude": 9.19, "name": "Duomo"}},
    {"type": "contacts", "contacts": [{"name": {"formatted_name": "B. Rossi", "first_name": "B."}}]},
    {"type": "reaction", "reaction": {"message_id": "wamid.x", "emoji": "👍🏽"}},
    {"type": "reaction", "reaction": {"message_id": "wamid.x", "emoji": ""}},
    {"context": {"message_id": "wamid.unknown"}, "biz_opaque_callback_data": "o" * 512, "recipient_type": "individual"},
    {"type": "template", "template": {"name": "plain", "language": {"code": "en_US", "policy": "deterministic"}}},
]


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: str(message.get("type")))
def test_accepted(inside: Inside, message: dict[str, Any]) -> None:
    answer = inside.send(**message)
    assert answer["messaging_product"] == "whatsapp"
    assert answer["contacts"] == [{"input": PERSON, "wa_id": PERSON}]
    found = decode_wamid(answer["messages"][0]["id"])
    assert found is not None
    assert (found.number, found.inbound, len(found.hexid)) == (PERSON, False, 18)
    assert [entry["problems"] for entry in inside.requests()] == [[]]


def test_input_is_repeated_as_sent_and_wa_id_is_digits(inside: Inside) -> None:
    answer = inside.send(to="+52 55 1234-5678")
    assert answer["contacts"] == [{"input": "+52 55 1234-5678", "wa_id": "5215512345678"}]


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"messaging_product": None}, "(#100) The parameter messaging_product is required."),
    ({"messaging_product": "x"}, '(#100) Param messaging_product must be one of {WHATSAPP} - got "x".'),
    ({"to": None}, "(#100) The parameter to is required."),
    ({"to": ["1"]}, "(#100) Param to must be a string."),
    ({"text": {"body": "x" * 4097}}, "(#100) Param text['body'] must be at most 4096 characters long."),
    ({"text": {"body": 5}}, "(#100) Param text['body'] must be a string."),
    ({"text": {}}, "(#100) The parameter text['body'] is required."),
    ({"text": {"body": ""}}, "(#100) The parameter text['body'] is required."),
    ({"text": "Ciao"}, "(#100) Param text must be a JSON object."),
    ({"text": {"body": "a", "boddy": 1}}, '(#100) Unexpected key "boddy" on param "text".'),
    ({"type": "audio", "audio": {"link": LINK, "caption": "no"}}, '(#100) Unexpected key "caption" on param "audio".'),
    ({"type": "image", "image": {"link": "ftp://x/y"}}, "(#100) Param image['link'] is not a valid URI."),
    (
        {"type": "image", "image": {"link": LINK, "caption": "c" * 1025}},
        "(#100) Param image['caption'] must be at most 1024 characters long.",
    ),
    (
        {"type": "template", "template": {"name": "plain", "language": {}}},
        "(#100) The parameter template['language']['code'] is required.",
    ),
    ({"type": "location", "location": {"latitude": 1}}, "(#100) The parameter location['longitude'] is required."),
    ({"type": "reaction", "reaction": {"message_id": "w"}}, "(#100) The parameter reaction['emoji'] is required."),
    ({"context": {}}, "(#100) The parameter context['message_id'] is required."),
    (
        {"biz_opaque_callback_data": "o" * 513},
        "(#100) Param biz_opaque_callback_data must be at most 512 characters long.",
    ),
    ({"recipient_type": "crowd"}, '(#100) Param recipient_type must be one of {GROUP, INDIVIDUAL} - got "crowd".'),
]


@pytest.mark.parametrize(("members", "message"), REFUSED, ids=[text for _, text in REFUSED])
def test_refused_with_code_100(inside: Inside, members: dict[str, Any], message: str) -> None:
    error = inside.refused(**members)
    assert error["message"] == message
    assert (error["code"], error["type"]) == (100, "OAuthException")
    assert "error_data" not in error
    (entry,) = inside.requests()
    assert (entry["outcome"], entry["status"], entry["wamid"]) == ("refused", 400, None)
    assert entry["error"]["message"] == message
    assert entry["problems"]


def test_a_payload_that_is_missing_for_its_type(inside: Inside) -> None:
    error = inside.refused(type="image")
    assert error["message"] == "(#100) Invalid parameter"
    assert details(error) == "Parameter 'image' is mandatory for type 'image'"


def test_an_unknown_type(inside: Inside) -> None:
    assert inside.refused(type="poll")["message"].startswith("(#100) Param type must be one of {AUDIO, CONTACTS, ")


@pytest.mark.parametrize("to", ["abc", "12", "+1 (555) x", "1" * 16])
def test_a_malformed_number(inside: Inside, to: str) -> None:
    error = inside.refused(to=to)
    assert error["code"] == 131009
    assert details(error) == "The phone number is malformed: Please use the format: +1234567890."


def test_media_needs_exactly_one_known_source(inside: Inside) -> None:
    assert inside.refused(type="image", image={})["code"] == 100
    assert inside.refused(type="image", image={"id": "1", "link": LINK})["code"] == 100
    assert inside.refused(type="image", image={"id": "123"})["code"] == 131009


@pytest.mark.parametrize("emoji", ["ok", "👍👍", "a", "1"])
def test_a_reaction_is_one_emoji(inside: Inside, emoji: str) -> None:
    assert inside.refused(type="reaction", reaction={"message_id": "w", "emoji": emoji})["code"] == 131009


@pytest.mark.parametrize("emoji", ["❤️", "🇮🇹", "1️⃣", "👨‍👩‍👧‍👦", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "☺", "™", "👍🏿"])
def test_every_kind_of_emoji(inside: Inside, emoji: str) -> None:
    inside.send(type="reaction", reaction={"message_id": "w", "emoji": emoji})


def test_an_object_may_come_as_json_text(inside: Inside) -> None:
    inside.send(text='{"body": "Ciao"}', biz_opaque_callback_data='{"a": 1}')
    assert inside.refused(text='{"body": ')["message"] == "(#100) Param text must be a JSON object."


def test_contacts(inside: Inside) -> None:
    assert inside.refused(type="contacts", contacts=[])["code"] == 100
    error = inside.refused(type="contacts", contacts=[{"name": {"formatted_name": "X"}}])
    assert error["code"] == 131009
    many = [{"name": {"formatted_name": "X", "first_name": "X"}}]
    inside.send(type="contacts", contacts=many * 257)
    assert inside.refused(type="contacts", contacts=many * 258)["code"] == 131009


def test_the_business_cannot_write_to_itself(inside: Inside) -> None:
    assert inside.refused(to="15550783881")["code"] == 131021


def test_a_body_that_is_not_json_has_no_parameters(inside: Inside) -> None:
    for body in (b"{", b'"text"', b"[]", b"\xff", b"[" * 100_000, b'{"messaging_product": NaN}'):
        answer = inside.request(
            "POST",
            f"/v21.0/{PHONE}/messages",
            content=body,
            headers={"Authorization": "Bearer EAAtest", "Content-Type": "application/json"},
        )
        assert answer.status_code == 400
        assert answer.json()["error"]["message"] == "(#100) The parameter messaging_product is required."
    assert all(any(problem.startswith("body: ") for problem in entry["problems"]) for entry in inside.requests())


def test_json_without_its_content_type_is_not_read(inside: Inside) -> None:
    content = b'{"messaging_product":"whatsapp","to":"99900001234","text":{"body":"Ciao"}}'
    answer = inside.graph("POST", f"{PHONE}/messages", content=content)
    assert answer.json()["error"]["message"] == "(#100) The parameter messaging_product is required."
    assert "content-type: none, not application/json" in inside.requests()[0]["problems"]


def test_forms_are_read_as_graph_reads_them(inside: Inside) -> None:
    form = {"messaging_product": "whatsapp", "to": PERSON, "type": "text", "text": '{"body":"Ciao"}'}
    assert inside.graph("POST", f"{PHONE}/messages", data=form).status_code == 200


def test_unknown_members_of_the_envelope_are_tolerated_but_noted(inside: Inside) -> None:
    inside.send(colour="red")
    assert inside.requests()[0]["problems"] == ["body: unknown member 'colour'"]


def test_the_senders_state_comes_before_the_template(inside: Inside) -> None:
    unknown: dict[str, Any] = {"type": "template", "template": {"name": "nothing", "language": {"code": "en_US"}}}
    phone = {"id": PHONE, "display_phone_number": "+1 555-078-3881"}
    cases: list[tuple[dict[str, Any], int, int]] = [
        ({"phone_numbers": [{**phone, "registered": False}]}, 400, 133010),
        ({"locked": True, "phone_numbers": [{**phone, "registered": True}]}, 403, 131031),
        ({"locked": False, "phone_numbers": [{**phone, "allowed_recipients": ["393331234567"]}]}, 400, 131030),
        ({"phone_numbers": [{**phone, "allowed_recipients": [PERSON]}]}, 404, 132001),
    ]
    for change, status, code in cases:
        inside.control("PUT", f"/accounts/{WABA}", change)
        assert inside.send(status, **unknown)["error"]["code"] == code


def test_on_a_test_number_a_malformed_recipient_is_not_in_the_list(inside: Inside) -> None:
    phone = {"id": PHONE, "display_phone_number": "+1 555-078-3881", "allowed_recipients": ["+393331234567"]}
    inside.control("PUT", f"/accounts/{WABA}", account(phone_numbers=[phone]))
    error = inside.refused(to="abc")
    assert error["message"] == "(#131030) Recipient phone number not in allowed list"
    inside.send(to="393331234567")


def test_a_read_receipt_needs_a_message_that_came_in(inside: Inside) -> None:
    message = {"from": PERSON, "type": "text", "text": {"body": "Hi"}}
    (wamid,) = inside.control("POST", "/inbound", {"phone_number_id": PHONE, "messages": [message]})["wamids"]
    receipt = {"messaging_product": "whatsapp", "status": "read", "message_id": wamid}
    typing = {**receipt, "typing_indicator": {"type": "text"}}
    for body in (receipt, typing):
        assert inside.graph("POST", f"{PHONE}/messages", json=body).json() == {"success": True}
    unknown = inside.graph("POST", f"{PHONE}/messages", json={**receipt, "message_id": "wamid.x"})
    assert unknown.json()["error"]["code"] == 131009
    assert [entry["operation"] for entry in inside.requests()] == ["messages.read"] * 3
