"""What Meta finds first in a send with everything wrong with it (fact sheet 5.5)."""

from typing import Any

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
