"""Registration, PIN, verification, profile, and the account's own node."""

from typing import Any

from tests.mock_meta.fidelity import fact
from tests.mock_meta.inside import PHONE, WABA, Inside, account

PIN = {"messaging_product": "whatsapp", "pin": "123456"}


def post(inside: Inside, edge: str, body: dict[str, Any]) -> Any:
    return inside.graph("POST", f"{PHONE}/{edge}".rstrip("/"), json=body).json()


def test_registration_and_the_pin(inside: Inside) -> None:
    assert post(inside, "register", PIN) == {"success": True}
    assert post(inside, "register", PIN) == {"success": True}
    wrong = post(inside, "register", {**PIN, "pin": "654321"})["error"]
    assert wrong["message"] == "(#133005) Two step verification PIN Mismatch"
    assert post(inside, "register", {**PIN, "pin": "12"})["error"]["code"] == 100
    assert post(inside, "register", {"pin": "123456"})["error"]["message"].endswith("messaging_product is required.")
    missing = post(inside, "register", {"messaging_product": "whatsapp"})["error"]["message"]
    assert missing == "(#100) The parameter pin is required."
    for _ in range(10):
        last = post(inside, "register", {**PIN, "pin": "000000"})["error"]["code"]
    assert last == 133008
    assert post(inside, "register", PIN)["error"]["code"] == 133008
    assert post(inside, "", PIN) == {"success": True}
    assert post(inside, "register", PIN) == {"success": True}


def test_a_deregistered_number_cannot_send(inside: Inside) -> None:
    assert post(inside, "deregister", {}) == {"success": True}
    assert inside.refused()["message"] == "(#133010) Account not registered"
    assert inside.graph("GET", f"{PHONE}?fields=status").json()["status"] == "PENDING"
    assert post(inside, "register", PIN) == {"success": True}
    inside.send()


def test_two_step_verification(inside: Inside) -> None:
    assert post(inside, "", {"pin": "111111"}) == {"success": True}
    assert post(inside, "register", PIN)["error"]["code"] == 133005
    assert post(inside, "", {})["error"]["error_subcode"] == 33


def test_verification_by_code(inside: Inside) -> None:
    phone = {"id": PHONE, "display_phone_number": "+1 555-078-3881", "verified": False, "registered": False}
    inside.control("PUT", f"/accounts/{WABA}", account(phone_numbers=[phone]))
    assert post(inside, "register", PIN)["error"]["code"] == 133006
    assert post(inside, "verify_code", {"code": "123456"})["error"]["code"] == 136025
    assert post(inside, "request_code", {"code_method": "SMS", "language": "en_US"}) == {"success": True}
    assert post(inside, "verify_code", {"code": "000000"})["error"]["code"] == 136025
    assert post(inside, "verify_code", {"code": "123456"}) == {"success": True}
    assert post(inside, "verify_code", {"code": "123456"})["error"]["code"] == 136025
    assert post(inside, "register", PIN) == {"success": True}


def test_the_business_profile(inside: Inside) -> None:
    path = "whatsapp_business_profile"
    change = {"messaging_product": "whatsapp", "about": "Hi", "websites": ["https://a.example/"], "vertical": "RETAIL"}
    assert post(inside, path, change) == {"success": True}
    answer = inside.graph("GET", f"{PHONE}/{path}?fields=about,websites,vertical,email").json()
    assert answer == {
        "data": [
            {
                "about": "Hi",
                "websites": ["https://a.example/"],
                "vertical": "RETAIL",
                "messaging_product": "whatsapp",
            }
        ]
    }
    for bad in (
        {"about": "x" * 140},
        {"vertical": "SPACE"},
        {"websites": ["https://a.example/"] * 3},
        {"websites": ["a"]},
        {"websites": ["ftp://a.example/"]},
        {"websites": ["https://a"]},
        {"websites": ["https://a..example/"]},
        {"websites": [""]},
        {"websites": "https://a.example/"},
        {"websites": '["a"]'},
        {"websites": [f"https://a.example/{'x' * 240}"]},
        {"email": "x"},
        {"email": "x@y"},
        {"email": "x y@z.example"},
        {"email": "x@y@z.example"},
        {"email": "x@z..example"},
        {"email": f"{'x' * 119}@z.example"},
        {"email": 5},
        {"address": "x" * 257},
        {"description": "x" * 513},
        {"profile_picture_handle": "4::made:up"},
        {"profile_picture_url": 5},
        {"colour": "red"},
        {"about": ""},
    ):
        assert post(inside, path, {"messaging_product": "whatsapp", **bad})["error"]["code"] == 100
    assert inside.graph("GET", f"{PHONE}/{path}?fields=x").status_code == 400
    assert inside.graph("GET", f"{PHONE}/{path}?fields=about,websites,vertical,email").json() == answer


def test_what_a_business_profile_takes(inside: Inside) -> None:
    path = "whatsapp_business_profile"
    for good, shown in (
        ({"about": "x" * 139, "address": "x" * 256, "description": "x" * 512}, None),
        ({"email": "first.last+tag@mail.z.example"}, None),
        ({"email": ""}, None),
        ({"websites": ["https://www.a.example/?q=1", "http://b.example:8080"]}, None),
        ({"websites": []}, None),
        ({"websites": '["https://a.example/"]'}, {"websites": ["https://a.example/"]}),
        ({"vertical": "retail"}, {"vertical": "RETAIL"}),
        ({"vertical": None}, {"vertical": "RETAIL"}),
        ({"vertical": ""}, {"vertical": "UNDEFINED"}),
    ):
        assert post(inside, path, {"messaging_product": "whatsapp", **good}) == {"success": True}
        (profile,) = inside.graph("GET", f"{PHONE}/{path}?fields={','.join(good)}").json()["data"]
        assert profile == {**(shown or good), "messaging_product": "whatsapp"}


def test_the_accounts_node_and_its_numbers(inside: Inside) -> None:
    assert inside.graph("GET", f"{WABA}?fields=id,name,currency").json() == {
        "id": WABA,
        "name": "Test account",
        "currency": "USD",
    }
    numbers = inside.graph("GET", f"{WABA}/phone_numbers?fields=id,verified_name").json()
    assert numbers["data"] == [{"id": PHONE, "verified_name": "Lucky Shrub"}]


def test_the_tier_is_the_messaging_limits(inside: Inside) -> None:
    def tier() -> Any:
        name = "whatsapp_business_manager_messaging_limit"
        return inside.graph("GET", f"{PHONE}?fields={name}").json()[name]

    assert tier() == "TIER_UNLIMITED"
    for users, name in ((1, "TIER_50"), (250, "TIER_250"), (2_000, "TIER_2K"), (100_001, "TIER_UNLIMITED")):
        inside.control("PUT", "/limits", {"messaging_limit": {"users": users}})
        assert tier() == name
    (phone,) = inside.graph("GET", f"{WABA}?fields=phone_numbers").json()["phone_numbers"]["data"]
    assert phone["id"] == PHONE


def test_fields_that_were_never_set_are_known_and_left_out(inside: Inside) -> None:
    asked = "?fields=is_on_biz_app,certificate,quality_score"
    number = inside.graph("GET", PHONE + asked).json()
    assert number == {"is_on_biz_app": False, "quality_score": {"score": "GREEN"}, "id": PHONE}
    waba = inside.graph("GET", f"{WABA}?fields=status,purchase_order_number,subscribed_apps").json()
    assert (waba["status"], len(waba["subscribed_apps"]["data"])) == ("ACTIVE", 1)
    assert "purchase_order_number" not in waba


def test_a_phone_number(inside: Inside) -> None:
    fields = "id,display_phone_number,verified_name,quality_rating"
    assert inside.graph("GET", f"{PHONE}?fields={fields}").json() == {
        "id": PHONE,
        "display_phone_number": "+1 555-078-3881",
        "verified_name": "Lucky Shrub",
        "quality_rating": "GREEN",
    }
    assert list(inside.graph("GET", PHONE).json()) == [
        "verified_name",
        "code_verification_status",
        "display_phone_number",
        "quality_rating",
        "platform_type",
        "throughput",
        "webhook_configuration",
        "id",
    ]
    assert inside.graph("GET", f"{PHONE}?fields=throughput{{level}}").json() == {
        "throughput": {"level": "STANDARD"},
        "id": PHONE,
    }
    error = inside.graph("GET", f"{PHONE}?fields=id,xyz").json()["error"]
    assert error["message"] == "(#100) Tried accessing nonexisting field (xyz)"


@fact(
    "`request_code` on a verified number is 136024, `Request code error` without a prefix, a 2388xxx subcode and texts for people",
    source="captures of clients",
    month="2026-11",
    sure="captured",
)
@fact(
    "`verify_code` is refused in the same way, with 136025",
    source="by analogy with request_code",
    month="2026-11",
    sure="inferred",
)
def test_codes_for_a_verified_number(inside: Inside) -> None:
    asked = {"code_method": "SMS", "language": "en_US"}
    for edge, code, text in (
        ("request_code", 136024, "Request code error"),
        ("verify_code", 136025, "Verify code error"),
    ):
        answer = inside.graph("POST", f"{PHONE}/{edge}", json={**asked, "code": "123456"})
        error = answer.json()["error"]
        assert (answer.status_code, error["code"], error["message"], error["type"]) == (
            400,
            code,
            text,
            "OAuthException",
        )
        assert 2388000 <= error["error_subcode"] <= 2388999
        assert error["error_user_title"]
        assert error["error_user_msg"]
