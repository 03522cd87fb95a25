"""What the members of a message may hold: other JSON types than meant, null, the empty string, the edges of a range."""

import json
from typing import Any

import pytest

from tests.mock_meta.inside import GROUP, PERSON, PHONE, Inside

CARD: dict[str, Any] = {"name": {"formatted_name": "B. Rossi", "first_name": "B."}}


def problems(inside: Inside) -> list[str]:
    return [problem for entry in inside.requests() for problem in entry["problems"]]


def place(latitude: Any, longitude: Any = 0, **more: Any) -> dict[str, Any]:
    return {"type": "location", "location": {"latitude": latitude, "longitude": longitude, **more}}


def card(**members: Any) -> dict[str, Any]:
    return {"type": "contacts", "contacts": [{**CARD, **members}]}


def picture(**members: Any) -> dict[str, Any]:
    return {"type": "image", "image": members}


@pytest.mark.parametrize(
    "message",
    [
        place(90, -180),
        place("-90.0", "180"),
        place(" 45.46", ".5", name="", address=None),
        card(
            phones=[{"phone": "+39 333", "type": "CELL", "wa_id": "39333"}, {}],
            emails=[{"email": "b@rossi.example", "type": "WORK"}],
            urls=[{"url": "https://rossi.example", "type": None}],
            addresses=[{"street": "Via Roma 1", "city": "Milano", "country_code": "it", "zip": "20100"}],
            org={"company": "Rossi", "department": "D", "title": "T"},
            birthday="1999-12-31",
        ),
        {"biz_opaque_callback_data": "", "recipient_identity_key_hash": ""},
        {"text": {"body": "x", "preview_url": 1}},
        {"text": {"body": "x", "preview_url": "False"}},
        {"text": {"body": "😀" * 4096}},
        {"context": json.dumps({"message_id": "wamid.x"})},
    ],
)
def test_accepted(inside: Inside, message: dict[str, Any]) -> None:
    inside.send(**message)
    assert problems(inside) == []


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (place(10**400), "Param location['latitude'] must be a number between -90 and 90."),
        (place(90.001), "Param location['latitude'] must be a number between -90 and 90."),
        (place(0, -181), "Param location['longitude'] must be a number between -180 and 180."),
        (place("1_0"), "Param location['latitude'] must be a number between -90 and 90."),
        (place("٤٥"), "Param location['latitude'] must be a number between -90 and 90."),
        (place("1.2.3"), "Param location['latitude'] must be a number between -90 and 90."),
        (place([1]), "Param location['latitude'] must be a number between -90 and 90."),
        (place(True), "Param location['latitude'] must be a number between -90 and 90."),
        (place(1, name=5), "Param location['name'] must be a string."),
        (card(phones=["+39"]), "Param contacts[0]['phones'][0] must be a JSON object."),
        (card(phones={}), "Param contacts[0]['phones'] must be an array."),
        (card(emails=[{"email": 5}]), "Param contacts[0]['emails'][0]['email'] must be a string."),
        (card(urls=[{"link": "x"}]), 'Unexpected key "link" on param "contacts[0][\'urls\'][0]".'),
        (card(org=[]), "Param contacts[0]['org'] must be a JSON object."),
        (card(birthday=1999), "Param contacts[0]['birthday'] must be a string."),
        (
            card(name={"formatted_name": "B", "first_name": 5}),
            "Param contacts[0]['name']['first_name'] must be a string.",
        ),
        (picture(link=0), "Param image['link'] must be a string."),
        (picture(id={}), "Param image['id'] must be a string."),
        (picture(id=False), "Param image['id'] must be a string."),
        (picture(link="https://files.example:99999/a.png"), "Param image['link'] is not a valid URI."),
        ({"context": "wamid.x"}, "Param context must be a JSON object."),
        ({"biz_opaque_callback_data": 5}, "Param biz_opaque_callback_data must be a string."),
        ({"text": {"body": "x", "preview_url": "yes"}}, "Param text['preview_url'] must be a boolean."),
        ({"messaging_product": ["x"]}, 'Param messaging_product must be one of {WHATSAPP} - got "Array".'),
        ({"recipient_type": True}, 'Param recipient_type must be one of {GROUP, INDIVIDUAL} - got "true".'),
        ({"text": {"body": ["x"]}}, "Param text['body'] must be a string."),
    ],
)
def test_refused(inside: Inside, message: dict[str, Any], text: str) -> None:
    assert inside.refused(**message)["message"] == f"(#100) {text}"


def test_null_is_as_good_as_nothing(inside: Inside) -> None:
    body = {"messaging_product": "whatsapp", "to": PERSON, "type": None, "status": None, "text": {"body": "Ciao"}}
    assert inside.graph("POST", f"{PHONE}/messages", json=body).json()["messages"]
    assert inside.requests()[0]["operation"] == "messages.send"


def test_names_are_read_in_any_case(inside: Inside) -> None:
    inside.send(type="TEXT", recipient_type="INDIVIDUAL")
    assert problems(inside) == ["body: type 'TEXT' is documented as 'text'"]
    sent = inside.send(recipient_type="Group", to=GROUP)
    assert sent["contacts"] == [{"input": GROUP, "wa_id": GROUP}]
    assert sent["messages"][0]["group_id"] == GROUP


def test_a_name_that_is_missing_is_required(inside: Inside) -> None:
    reply = {"reply": {"id": "1", "title": "Sì"}}
    interactive = {"type": "button", "body": {"text": "b"}, "action": {"buttons": [reply]}}
    error = inside.refused(type="interactive", interactive=interactive)
    assert error["message"] == "(#100) The parameter interactive['action']['buttons'][0]['type'] is required."


def test_a_reaction_quotes_nothing(inside: Inside) -> None:
    reaction = {"message_id": "wamid.x", "emoji": "👍"}
    inside.send(type="reaction", reaction=reaction, context={"message_id": "wamid.x"})
    assert problems(inside) == ["body: 'context' is not for reactions"]


def test_what_comes_in_the_query_is_read_as_a_form_is(inside: Inside) -> None:
    asked = {"messaging_product": "whatsapp", "to": PERSON, "text": '{"body":"x"}', "context": '{"message_id":"w"}'}
    assert inside.graph("POST", f"{PHONE}/messages", params=asked).status_code == 200


def test_a_refusal_that_repeats_much_fits_a_clients_headers(inside: Inside) -> None:
    body = {"messaging_product": "x" * 20_000}
    answer = inside.graph("POST", f"{PHONE}/messages", json=body)
    assert len(answer.json()["error"]["message"]) > 20_000
    assert len(answer.headers["www-authenticate"]) < 2_000
