"""Templates from creation to deletion: rules, review, quality."""

import json
from typing import Any

import pytest

from tests.mock_meta.inside import TEMPLATES, TOKEN, WABA, Inside

BODY = {"type": "BODY", "text": "Hi {{1}}, order {{2}} shipped.", "example": {"body_text": [["Anna", "A-17"]]}}
QUICK = {"type": "QUICK_REPLY", "text": "Ok"}
URL = {"type": "URL", "text": "Track", "url": "https://s.example/{{1}}", "example": ["A-17"]}


def handle(inside: Inside) -> str:
    query = {"file_length": "3", "file_type": "image/jpeg", "access_token": TOKEN}
    session = inside.request("POST", "/v21.0/670843887433847/uploads", params=query).json()["id"]
    headers = {"Authorization": f"OAuth {TOKEN}", "file_offset": "0"}
    return str(inside.request("POST", f"/v21.0/{session}", content=b"abc", headers=headers).json()["h"])


def create(inside: Inside, *components: dict[str, Any], **members: Any) -> Any:
    body = {
        "name": "order_update",
        "category": "UTILITY",
        "language": "en_US",
        "components": list(components),
        **members,
    }
    return inside.graph("POST", f"{WABA}/message_templates", json=body).json()


def buttons(*listed: dict[str, Any]) -> dict[str, Any]:
    return {"type": "BUTTONS", "buttons": list(listed)}


def test_wacrms_own_template_is_taken_and_approved(inside: Inside) -> None:
    header = {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": [handle(inside)]}}
    phone = {"type": "PHONE_NUMBER", "text": "Call", "phone_number": "+393331234567"}
    code = {"type": "COPY_CODE", "text": "Copy", "example": ["SAVE20"]}
    footer = {"type": "FOOTER", "text": "Reply STOP"}
    inside.control("PUT", "/reviews", {"after": 0.01})
    answer = create(inside, header, BODY, footer, buttons(QUICK, URL, phone, code))
    assert (answer["status"], answer["category"]) == ("PENDING", "UTILITY")
    inside.rest(0.05)
    node = inside.graph("GET", answer["id"]).json()
    assert node["status"] == "APPROVED"
    assert node["components"][0]["example"]["header_handle"][0].startswith("https://scontent.whatsapp.net/")
    (value,) = inside.posts.values()
    assert value == {
        "event": "APPROVED",
        "message_template_id": int(answer["id"]),
        "message_template_name": "order_update",
        "message_template_language": "en_US",
        "reason": "NONE",
        "message_template_category": "UTILITY",
    }
    assert b'"time":1750000000' in inside.posts.sent[0][1]
    assert b'"field":"message_template_status_update"' in inside.posts.sent[0][1]


def body(text: str, *samples: str) -> dict[str, Any]:
    return (
        {"type": "BODY", "text": text, "example": {"body_text": [list(samples)]}}
        if samples
        else {"type": "BODY", "text": text}
    )


@pytest.mark.parametrize(
    ("components", "subcode"),
    [
        ([{"type": "FOOTER", "text": "x"}], 2388072),
        ([body("x" * 1025)], 2388040),
        ([body("Hello {{2}} and {{3}} there you are", "a", "b")], 2388072),
        ([body("Hello {{1}} {{2}} there you are now", "a", "b")], 2388072),
        ([body("{{1}} is here and well", "a")], 2388299),
        ([body("Here and well is {{1}}", "a")], 2388299),
        ([body("Hi {{1}}.", "a")], 2388293),
        ([body("Hello {{1}}, how are you?")], 2388043),
        ([body("Hello {{1}}, how are you?", "a", "b")], 2388043),
        ([{"type": "HEADER", "format": "IMAGE"}, body("x")], 2388273),
        ([{"type": "HEADER", "format": "VIDEO", "example": {"header_url": ["https://x"]}}, body("x")], 2388273),
        ([{"type": "HEADER", "format": "IMAGE", "example": {"header_handle": ["4::made:up"]}}, body("x")], 2388273),
        ([{"type": "HEADER", "format": "TEXT", "text": "{{1}} {{2}}"}, body("x")], 2388047),
        ([{"type": "HEADER", "format": "TEXT", "text": "x" * 61}, body("x")], 2388040),
        ([{"type": "HEADER", "format": "TEXT", "text": "Hi {{1}}"}, body("x")], 2388043),
        ([body("x"), {"type": "FOOTER", "text": "Hi {{1}}"}], 2388073),
        ([body("x"), buttons()], 2388060),
        ([body("x"), buttons(*[QUICK] * 11)], 2388060),
        ([body("x"), buttons(QUICK, URL, QUICK)], 2388060),
        ([body("x"), buttons(URL, URL, URL)], 2388060),
        ([body("x"), buttons({"type": "QUICK_REPLY", "text": "x" * 26})], 2388060),
        ([body("x"), buttons({"type": "QUICK_REPLY", "text": "Hi {{1}}"})], 2388060),
        ([body("x"), buttons({**URL, "url": "https://s.example/{{1}}/x"})], 2388060),
        ([body("x"), buttons({**URL, "example": None})], 2388043),
        ([body("x"), buttons({**URL, "url": "https://wa.me/39333"})], 2388081),
        ([body("x"), buttons({"type": "COPY_CODE"})], 2388043),
        ([body("Hello {{ }} there")], 2388072),
        ([body("Hello {{1} there")], 2388072),
        (
            [{"type": "HEADER", "format": "TEXT", "text": "Hi {{2}}", "example": {"header_text": ["a"]}}, body("x")],
            2388047,
        ),
        (
            [{"type": "HEADER", "format": "TEXT", "text": "Hi {{who}}", "example": {"header_text": ["a"]}}, body("x")],
            2388047,
        ),
        ([body("x"), {"type": "FOOTER", "text": "Hi {{1}"}], 2388073),
        ([body("x"), buttons({**URL, "url": "https://s.example/{{1}"})], 2388060),
        ([body("x"), buttons({**URL, "url": "https://s.example/a b"})], 2388060),
        ([body("x"), buttons({"type": "FLOW", "text": "Go"})], 2388060),
        ([body("x"), buttons({"type": "FLOW", "text": "Go", "flow_id": "1", "flow_name": "x"})], 2388060),
        ([body("x"), buttons({"type": "OTP", "otp_type": "COPY_CODE"})], 2388060),
    ],
)
def test_content_that_is_refused(inside: Inside, components: list[dict[str, Any]], subcode: int) -> None:
    error = create(inside, *components)["error"]
    assert (error["message"], error["code"], error["error_subcode"]) == ("Invalid parameter", 100, subcode)
    assert error["is_transient"] is False
    assert error["error_user_title"]
    assert error["error_user_msg"]


@pytest.mark.parametrize(
    "members",
    [
        {"name": "Bad Name"},
        {"name": None},
        {"category": "SPAM"},
        {"category": None},
        {"message_send_ttl_seconds": 29},
        {"message_send_ttl_seconds": 43_201},
        {"message_send_ttl_seconds": -1, "category": "MARKETING"},
        {"components": [body("x"), {"type": "LIMITED_TIME_OFFER"}]},
        {"components": [{**body("x"), "deep": json.loads("[" * 40 + "]" * 40)}]},
        {"language": "xx"},
        {"components": "x"},
        {"components": None},
    ],
)
def test_envelopes_that_are_refused(inside: Inside, members: dict[str, Any]) -> None:
    error = create(inside, **{"components": [body("x")], **members})["error"]
    assert error["code"] == 100
    assert error["message"].startswith("(#100) ")


def test_names_are_unique_per_language_and_keep_their_category(inside: Inside) -> None:
    create(inside, BODY)
    error = create(inside, BODY)["error"]
    assert (error["error_subcode"], error["error_user_msg"]) == (
        2388024,
        "There is already English (US) content for this template. You can create a new template and try again.",
    )
    assert "id" in create(inside, BODY, language="it")
    message = create(inside, BODY, language="fr", category="MARKETING")["error"]["error_user_msg"]
    assert message == (
        "The category MARKETING doesn't match the one that's already associated with this template, UTILITY."
    )


def test_a_template_may_come_as_json_a_form_or_a_query(inside: Inside) -> None:
    path = f"{WABA}/message_templates"
    components = json.dumps([body("x")])
    for way in ("json", "data", "params"):
        given: Any = {"name": way, "category": "UTILITY", "language": "it", "components": components}
        options: dict[str, Any] = {way: given}
        assert inside.graph("POST", path, **options).json()["status"] == "PENDING"


def test_named_parameters(inside: Inside) -> None:
    named = {
        "type": "body",
        "text": "Hello {{first_name}}, how are you?",
        "example": {"body_text_named_params": [{"param_name": "first_name", "example": "Anna"}]},
    }
    assert "id" in create(inside, named, parameter_format="NAMED")
    assert "id" in create(inside, body("x"), parameter_format=None, name="a")
    unlike = {**named, "text": "Hello {{First}}, how are you?"}
    assert create(inside, unlike, parameter_format="NAMED", name="b")["error"]["error_subcode"] == 2388072
    unsampled = {**named, "example": {"body_text_named_params": [{"param_name": "first_name"}]}}
    assert create(inside, unsampled, parameter_format="NAMED", name="c")["error"]["error_subcode"] == 2388043


COPY = {"type": "OTP", "otp_type": "COPY_CODE"}
APPS = {"supported_apps": [{"package_name": "com.example", "signature_hash": "K8a/AINcGX7"}]}
SECURE = {"type": "BODY", "add_security_recommendation": True}


@pytest.mark.parametrize(
    "components",
    [
        (SECURE, buttons(COPY), {"type": "FOOTER", "code_expiration_minutes": 90}),
        (SECURE, buttons({**COPY, **APPS, "otp_type": "one_tap"})),
        (SECURE, buttons({**COPY, "otp_type": "ONE_TAP", **APPS["supported_apps"][0]})),
        (SECURE, buttons({**COPY, **APPS, "otp_type": "ZERO_TAP", "zero_tap_terms_accepted": True})),
    ],
)
def test_authentication_templates(inside: Inside, components: list[dict[str, Any]]) -> None:
    assert "id" in create(inside, *components, category="AUTHENTICATION")


@pytest.mark.parametrize(
    "components",
    [
        (SECURE,),
        (SECURE, buttons()),
        (SECURE, buttons(QUICK)),
        (SECURE, buttons(COPY, COPY)),
        (SECURE, buttons({"type": "OTP"})),
        (SECURE, buttons({**COPY, "otp_type": "SMS"})),
        (SECURE, buttons({**COPY, "otp_type": "ONE_TAP"})),
        (SECURE, buttons({**COPY, "otp_type": "ONE_TAP", "supported_apps": ["com.example"]})),
        (SECURE, buttons({**COPY, "otp_type": "ONE_TAP", "supported_apps": APPS["supported_apps"] * 6})),
        (SECURE, buttons({**COPY, **APPS, "otp_type": "ZERO_TAP"})),
        (SECURE, buttons(COPY), {"type": "FOOTER", "code_expiration_minutes": 0}),
        (SECURE, buttons(COPY), {"type": "FOOTER", "code_expiration_minutes": 91}),
        (SECURE, buttons(COPY), {"type": "FOOTER", "text": "Bye"}),
        (SECURE, buttons(COPY), {"type": "HEADER", "format": "TEXT", "text": "Hi"}),
        (body("Your code"), buttons(COPY)),
    ],
)
def test_authentication_templates_that_are_refused(inside: Inside, components: list[dict[str, Any]]) -> None:
    assert create(inside, *components, category="AUTHENTICATION")["error"]["code"] == 100


def test_a_sample_is_of_the_headers_kind(inside: Inside) -> None:
    sample = {"example": {"header_handle": [handle(inside)]}}
    assert "id" in create(inside, {"type": "HEADER", "format": "IMAGE", **sample}, body("x"))
    video = create(inside, {"type": "HEADER", "format": "VIDEO", **sample}, body("x"), name="video")
    assert video["error"]["error_subcode"] == 2388273


def test_the_cards_of_a_carousel(inside: Inside) -> None:
    def offered(*cards: Any) -> Any:
        inside.graph("DELETE", f"{WABA}/message_templates?name=order_update")
        inside.now += 60
        return create(inside, body("x"), {"type": "CAROUSEL", "cards": list(cards)}, category="MARKETING")

    picture = {"type": "header", "format": "image", "example": {"header_handle": [handle(inside)]}}
    card = {"components": [picture, body("Limes."), buttons(QUICK)]}
    assert "id" in offered(card, card)
    (listed,) = inside.graph("GET", f"{WABA}/message_templates?name=order").json()["data"]
    shown = listed["components"][1]["cards"][0]["components"][0]
    assert (shown["type"], shown["example"]["header_handle"][0][:8]) == ("HEADER", "https://")
    bare = {"components": [{"type": "HEADER", "format": "IMAGE"}, body("Limes."), buttons(QUICK)]}
    wordless = {"components": [picture, buttons(QUICK)]}
    nested: Any = body("x")
    for _ in range(230):
        nested = {"type": "CAROUSEL", "cards": [{"components": [nested]}]}
    footed = {"components": [*card["components"], {"type": "FOOTER", "text": "x"}]}
    broken: list[list[Any]] = [
        [footed],
        [{"components": [nested]}],
        [],
        [card] * 11,
        [bare],
        [card, wordless],
        [{"components": [body("x")]}],
        ["card"],
        [{}],
    ]
    for cards in broken:
        assert offered(*cards)["error"]["code"] == 100
    assert create(inside, body("x"), {"type": "CAROUSEL"}, category="MARKETING")["error"]["code"] == 100


def test_the_time_to_live(inside: Inside) -> None:
    def shown(template: str) -> Any:
        return inside.graph("GET", f"{template}?fields=message_send_ttl_seconds").json().get("message_send_ttl_seconds")

    inside.control("PUT", "/reviews", {"after": 0})
    template = create(inside, BODY, message_send_ttl_seconds=30)["id"]
    assert shown(template) == 30
    inside.rest()
    assert "error" in inside.graph("POST", template, json={"message_send_ttl_seconds": 29}).json()
    assert inside.graph("POST", template, json={"message_send_ttl_seconds": -1}).json()["success"] is True
    assert shown(template) == -1
    assert shown(create(inside, BODY, name="without")["id"]) is None


def test_a_rejection_gives_its_reason(inside: Inside) -> None:
    inside.control("PUT", "/reviews", {"after": 0, "decision": "reject", "reason": "SCAM"})
    template = create(inside, BODY)
    inside.rest()
    (value,) = inside.posts.values()
    assert (value["event"], value["reason"]) == ("REJECTED", "SCAM")
    assert value["rejection_info"]["reason"] == "SCAM"
    node = inside.graph("GET", f"{template['id']}?fields=status,rejected_reason").json()
    assert (node["status"], node["rejected_reason"]) == ("REJECTED", "SCAM")


def test_a_name_decides_nothing(inside: Inside) -> None:
    inside.control("PUT", "/reviews", {"after": 0})
    create(inside, BODY, name="rejected_order_notice")
    inside.rest()
    (value,) = inside.posts.values()
    assert value["event"] == "APPROVED"


def test_editing(inside: Inside) -> None:
    inside.control("PUT", "/reviews", {"after": 0.02})
    template = create(inside, BODY)["id"]
    assert inside.graph("POST", template, json={"components": [BODY]}).json()["error"]["error_user_title"]
    inside.rest(0.06)
    edited = inside.graph("POST", template, json={"components": [body("New text.")]}).json()
    assert edited["success"] is True
    assert inside.graph("GET", template).json()["components"] == [{"type": "BODY", "text": "New text."}]
    assert "error" in inside.graph("POST", template, json={"components": [BODY]}).json()
    inside.now += 86_401
    inside.rest(0.06)
    assert "error" in inside.graph("POST", template, json={"category": "MARKETING"}).json()
    assert inside.graph("POST", template, json={"components": [BODY]}).json()["success"] is True
    assert [value["event"] for value in inside.posts.values()] == ["APPROVED", "APPROVED"]


def test_an_approved_template_is_edited_ten_times_in_thirty_days(inside: Inside) -> None:
    template = inside.graph("GET", f"{WABA}/message_templates?name=plain").json()["data"][0]["id"]

    def edited() -> bool:
        answer = inside.graph("POST", template, json={"components": [body("New text.")]})
        return answer.json().get("success") is True

    started = inside.now
    for day in range(10):
        inside.now = started + day * 86_400
        assert edited()
        inside.now += 86_399
        assert not edited()
    inside.now = started + 30 * 86_400 - 1
    assert not edited()
    inside.now += 1
    assert edited()


def test_deleting(inside: Inside) -> None:
    path = f"{WABA}/message_templates"
    first, second = create(inside, BODY)["id"], create(inside, BODY, language="it")["id"]
    assert inside.graph("DELETE", f"{path}?name=order_update&hsm_id={second}").json() == {"success": True}
    assert inside.graph("GET", first).status_code == 200
    assert inside.graph("GET", second).status_code == 400
    assert inside.graph("DELETE", f"{path}?name=order_update").json() == {"success": True}
    inside.rest()
    told = [(value["message_template_id"], value["event"], value["reason"]) for value in inside.posts.values()]
    assert told == [(int(second), "DELETED", None), (int(first), "DELETED", None)]
    missing = inside.graph("DELETE", f"{path}?name=order_update")
    assert (missing.status_code, missing.json()["error"]["error_subcode"]) == (400, 2593002)
    assert inside.graph("DELETE", f"{path}?name=off").status_code == 400
    assert inside.graph("DELETE", path).json()["error"]["message"] == "(#100) The parameter name is required."
    third = create(inside, BODY, name="numbered")["id"]
    assert inside.graph("DELETE", path, json={"name": "numbered", "hsm_id": int(third)}).json() == {"success": True}


def test_the_name_of_an_approved_template_is_locked_for_thirty_days(inside: Inside) -> None:
    inside.graph("DELETE", f"{WABA}/message_templates?name=plain")
    error = create(inside, BODY, name="plain")["error"]
    assert (error["error_subcode"], error["error_user_title"], error["error_user_msg"]) == (
        2388023,
        "Message template language is being deleted",
        (
            "New English (US) content can't be added while the existing English (US) content is being deleted. "
            "Try again in 4 weeks or consider creating a new message template."
        ),
    )
    inside.now += 30 * 86_400 - 1
    assert "error" in create(inside, BODY, name="plain")
    inside.now += 1
    assert "id" in create(inside, BODY, name="plain")


def test_any_other_name_is_locked_for_a_moment(inside: Inside) -> None:
    create(inside, BODY)
    inside.graph("DELETE", f"{WABA}/message_templates?name=order_update")
    assert "in less than 1 minute" in create(inside, BODY)["error"]["error_user_msg"]
    inside.now += 60
    assert "id" in create(inside, BODY)


def test_the_end_of_a_pause_does_not_end_the_next_one(inside: Inside, monkeypatch: pytest.MonkeyPatch) -> None:
    ends: list[tuple[float, Any]] = []
    monkeypatch.setattr(
        inside.app.mock.distant, "after", lambda delay, action, *values: ends.append((delay, lambda: action(*values)))
    )
    template = inside.graph("GET", f"{WABA}/message_templates?name=plain").json()["data"][0]["id"]
    inside.control("POST", f"/templates/{template}", {"quality": "RED"})
    inside.graph("POST", f"{template}/unpause")
    inside.control("POST", f"/templates/{template}", {"quality": "RED"})

    async def ended(nth: int) -> None:
        ends[nth][1]()

    def status_after(nth: int) -> Any:
        inside.run(ended(nth))
        return inside.graph("GET", f"{template}?fields=status").json()["status"]

    assert [delay for delay, _ in ends] == [3 * 3600, 6 * 3600]
    assert status_after(0) == "PAUSED"
    assert status_after(1) == "APPROVED"


def test_low_quality_pauses_twice_and_then_disables(inside: Inside) -> None:
    template = inside.graph("GET", f"{WABA}/message_templates?name=plain").json()["data"][0]["id"]

    def judged(**verdict: Any) -> str:
        answer = inside.control("POST", f"/templates/{template}", verdict)
        return str(answer["template"]["status"])

    inside.now += 60
    assert judged(quality="YELLOW") == "APPROVED"
    scored = inside.graph("GET", f"{template}?fields=quality_score").json()["quality_score"]
    assert scored == {"score": "YELLOW", "date": int(inside.now)}
    assert judged(quality="RED") == "PAUSED"
    assert inside.control("GET", "/health")["pending_webhooks"] <= 3
    refused = inside.refused(type="template", template={"name": "plain", "language": {"code": "en_US"}})
    assert refused["code"] == 132015
    assert inside.graph("POST", f"{template}/unpause").json() == {"success": True}
    assert judged(quality="RED") == "PAUSED"
    assert judged(status="APPROVED", reason=None) == "APPROVED"
    assert judged(quality="RED") == "DISABLED"
    inside.rest()
    values = inside.posts.values()
    assert values[0]["new_quality_score"] == "YELLOW"
    titles = [value["other_info"]["title"] for value in values if "other_info" in value]
    assert titles == ["FIRST_PAUSE", "UNPAUSE", "SECOND_PAUSE", "DISABLED"]
    inside.control("POST", f"/templates/{template}", {}, status=400)
    inside.control("POST", "/templates/1", {}, status=404)


def test_a_pause_that_is_asked_for_is_one_like_those_of_low_quality(inside: Inside) -> None:
    template = inside.graph("GET", f"{WABA}/message_templates?name=plain").json()["data"][0]["id"]

    def told(**verdict: Any) -> list[dict[str, Any]]:
        inside.posts.sent.clear()
        answer = inside.control("POST", f"/templates/{template}", verdict)
        inside.rest()
        values = [value for value in inside.posts.values() if "event" in value]
        assert len(values) == len(answer["deliveries"]) - ("quality" in verdict)
        return values

    paused = told(status="PAUSED")[0]
    assert (paused["event"], paused["reason"], paused["other_info"]["title"]) == ("PAUSED", "NONE", "FIRST_PAUSE")
    assert told(status="PAUSED") == []
    told(status="APPROVED")
    assert told(quality="RED")[0]["other_info"]["title"] == "SECOND_PAUSE"
    told(status="APPROVED")
    assert told(status="PAUSED")[0]["other_info"]["title"] == "SECOND_PAUSE"
    disabled = told(status="DISABLED")[0]
    assert (disabled["event"], disabled["other_info"]["title"]) == ("DISABLED", "DISABLED")
    assert disabled["disable_info"] == {"disable_date": int(inside.now)}
    assert told(status="DISABLED") == []
    assert "other_info" not in told(status="APPROVED")[0]


def test_another_category(inside: Inside, monkeypatch: pytest.MonkeyPatch) -> None:
    due: list[Any] = []
    monkeypatch.setattr(inside.app.mock.distant, "after", lambda *planned: due.append(planned))
    template = inside.graph("GET", f"{WABA}/message_templates?name=plain").json()["data"][0]["id"]

    def shown() -> Any:
        return inside.graph("GET", f"{template}?fields=category,previous_category,correct_category").json()

    inside.control("POST", f"/templates/{template}", {"correct_category": "MARKETING"})
    assert shown() == {"category": "UTILITY", "correct_category": "MARKETING", "id": template}
    ((delay, action, *values),) = due

    async def a_day_passes() -> None:
        action(*values)

    inside.run(a_day_passes())
    inside.run(a_day_passes())
    assert shown() == {"category": "MARKETING", "previous_category": "UTILITY", "id": template}
    inside.control("POST", f"/templates/{template}", {"category": "UTILITY"})
    identity = {"message_template_id", "message_template_name", "message_template_language"}
    told = [{name: one for name, one in value.items() if name not in identity} for value in inside.posts.values()]
    assert delay == 86_400
    assert told == [
        {"new_category": "UTILITY", "correct_category": "MARKETING", "category_update_timestamp": 1_750_086_400},
        {"previous_category": "UTILITY", "new_category": "MARKETING"},
        {"previous_category": "MARKETING", "new_category": "UTILITY"},
    ]
    assert b'"field":"template_category_update"' in inside.posts.sent[0][1]


def test_a_list_with_its_summary(inside: Inside) -> None:
    path = f"{WABA}/message_templates?status=APPROVED&limit=1&summary="
    counts = inside.graph("GET", f"{path}total_count,message_template_count,message_template_limit").json()["summary"]
    approved = sum(one.get("status", "APPROVED") == "APPROVED" for one in TEMPLATES)
    assert counts == {
        "total_count": approved,
        "message_template_count": len(TEMPLATES),
        "message_template_limit": 6000,
    }
    assert inside.graph("GET", f"{path}weather").json()["error"]["code"] == 100
