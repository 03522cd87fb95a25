"""Creating, editing and deleting templates: names that are taken or locked, and how often (fact sheet 13.1, 13.3, 13.4)."""

from tests.mock_meta.drafts import BODY, QUICK, URL, body, buttons, create, handle
from tests.mock_meta.inside import WABA, Inside


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
