"""What Meta finds first in a send with everything wrong with it (fact sheet 5.5)."""

from typing import Any

import pytest

from tests.mock_meta.fidelity import fact
from tests.mock_meta.inside import PERSON, PHONE, TOKEN, WABA, Inside

NUMBER: dict[str, Any] = {"id": PHONE, "display_phone_number": "+1 555-078-3881"}
UNKNOWN: dict[str, Any] = {"type": "template", "template": {"name": "nothing", "language": {"code": "en_US"}}}


def code(inside: Inside, body: Any, *, token: str = TOKEN, phone: str = PHONE) -> int:
    """The code of the refusal; 200 for a message that is taken."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    content = {"content": body} if isinstance(body, bytes) else {"json": body}
    answer = inside.request("POST", f"/v21.0/{phone}/messages", headers=headers, **content)
    return 200 if answer.status_code == 200 else int(answer.json()["error"]["code"])


def test_token_then_number_then_json(inside: Inside) -> None:
    assert code(inside, b"{", token="nobody", phone="1") == 190
    assert code(inside, b"{", phone="1") == 100
    assert inside.requests()[-1]["error"]["message"].startswith("Unsupported post request.")
    assert code(inside, b"{") == 100
    assert inside.requests()[-1]["error"]["message"] == "(#100) The parameter messaging_product is required."


def test_the_envelope_then_what_is_in_it(inside: Inside) -> None:
    """Each line repairs what the line before was refused for."""
    body: dict[str, Any] = {"type": "poll", "context": {}}
    repairs: list[tuple[dict[str, Any], str]] = [
        ({}, "(#100) The parameter messaging_product is required."),
        ({"messaging_product": "whatsapp"}, "(#100) The parameter to is required."),
        ({"to": "abc"}, "(#131009) Parameter value is not valid"),
        ({"to": PERSON}, "(#100) Param type must be one of "),
        ({"type": "image"}, "(#100) Invalid parameter"),
        ({"image": {}}, "(#100) Invalid parameter"),
        ({"image": {"link": "https://x.example/a.png"}}, "(#100) The parameter context['message_id'] is required."),
    ]
    for repair, message in repairs:
        body |= repair
        code(inside, body)
        assert inside.requests()[-1]["error"]["message"].startswith(message)
    assert code(inside, body | {"context": None}) == 200


def test_form_then_sender_then_recipient_then_template_then_limits(inside: Inside) -> None:
    limits = {"throughput": {"enabled": True, "per_second": 1}, "pair_rate": {"enabled": True, "burst": 1}}
    inside.control("PUT", "/limits", limits)
    sent = {"messaging_product": "whatsapp", "to": PERSON, "text": {"body": "Ciao"}}
    assert code(inside, sent) == 200
    shut: dict[str, Any] = {
        "locked": True,
        "phone_numbers": [{**NUMBER, "registered": False, "allowed_recipients": []}],
    }
    inside.control("PUT", f"/accounts/{WABA}", shut)
    assert code(inside, sent | {"text": {"body": "x" * 4097}}) == 100
    assert code(inside, sent | {"type": "interactive", "interactive": {"type": "button"}}) == 100
    assert code(inside, sent | UNKNOWN) == 133010
    inside.control(
        "PUT", f"/accounts/{WABA}", {"phone_numbers": [{**NUMBER, "registered": True, "allowed_recipients": []}]}
    )
    assert code(inside, sent | UNKNOWN) == 131031
    inside.control("PUT", f"/accounts/{WABA}", {"locked": False})
    assert code(inside, sent | UNKNOWN) == 131030
    inside.control("PUT", f"/accounts/{WABA}", {"phone_numbers": [{**NUMBER, "allowed_recipients": None}]})
    assert code(inside, sent | UNKNOWN) == 132001
    assert code(inside, sent) == 130429
    inside.now += 1
    assert code(inside, sent) == 131056
    inside.now += 6
    assert code(inside, sent) == 200


TYPES = "AUDIO, CONTACTS, DOCUMENT, GIF, IMAGE, INTERACTIVE, LINK_PREVIEW, LOCATION, PIN, REACTION, STICKER, TEMPLATE, TEXT, VIDEO"
SUB_TYPES = "BOOKING_CONFIRMATION, CATALOG, COPY_CODE, FLOW, MPM, ORDER_DETAILS, QUICK_REPLY, REMINDER, URL, VOICE_CALL"


@fact(
    "an unknown `type` is told the fourteen that Meta has",
    source="capture of a send",
    month="2026-11",
    sure="captured",
)
@pytest.mark.parametrize("kind", ["jpeg", "poll", "txt"])
def test_the_types_that_a_refusal_lists(inside: Inside, kind: str) -> None:
    assert inside.refused(type=kind)["message"] == f'(#100) Param type must be one of {{{TYPES}}} - got "{kind}".'


@fact(
    "`gif`, `link_preview` and `pin` are types that no page documents; the mock refuses them with 131051",
    source="the enumeration of a capture; what Meta does with them is not captured",
    month="2026-11",
    sure="inferred",
)
@pytest.mark.parametrize("kind", ["gif", "link_preview", "PIN"])
def test_types_that_are_not_imitated(inside: Inside, kind: str) -> None:
    assert inside.refused(type=kind, **{kind: {}})["code"] == 131051


@fact(
    "an unknown `sub_type` of a template's button is told the ten that Meta has",
    source="capture of a send at v24.0",
    month="2026-11",
    sure="captured",
)
@pytest.mark.parametrize("sub_type", ["link", "otp", "spm", "phone_number"])
def test_the_sub_types_that_a_refusal_lists(inside: Inside, sub_type: str) -> None:
    button = {"type": "button", "sub_type": sub_type, "index": "0", "parameters": []}
    template = {"name": "plain", "language": {"code": "en_US"}, "components": [button]}
    place = "template['components'][0]['sub_type']"
    text = f'(#100) Param {place} must be one of {{{SUB_TYPES}}} - got "{sub_type}".'
    assert inside.refused(type="template", text=None, template=template)["message"] == text
