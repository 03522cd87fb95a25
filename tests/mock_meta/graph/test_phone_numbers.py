"""Registration, PIN, verification, profile, and the account's own node."""

from pathlib import Path
from typing import Any

import pytest

import mock_meta
from mock_meta.graph.routes import NodeKind
from mock_meta.graph.table import ROUTES
from tests.mock_meta.fidelity import fact
from tests.mock_meta.inside import PHONE, WABA, Inside, account

README = Path(mock_meta.__file__).with_name("README.md")
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


@fact(
    "`health_status` of a number and of an account tells `can_send_message`, and of each entity that matters",
    source="Meta: messaging health status; a capture of fields=health_status",
    month="2026-11",
    sure="captured",
)
def test_health(inside: Inside) -> None:
    def told(node: str) -> tuple[str, dict[str, str]]:
        health = inside.graph("GET", f"{node}?fields=health_status").json()["health_status"]
        return health["can_send_message"], {one["entity_type"]: one["can_send_message"] for one in health["entities"]}

    good = "AVAILABLE"
    of_waba = {"WABA": good, "BUSINESS": good, "APP": good}
    assert told(WABA) == (good, of_waba)
    assert told(PHONE) == (good, {"PHONE_NUMBER": good, **of_waba})
    inside.graph("POST", f"{PHONE}/deregister")
    assert told(PHONE) == ("BLOCKED", {"PHONE_NUMBER": "BLOCKED", **of_waba})
    inside.control("PUT", f"/accounts/{WABA}", {"locked": True})
    assert told(WABA) == ("BLOCKED", {**of_waba, "WABA": "BLOCKED"})


# The fields and edges on Meta's pages of both nodes (Graph API reference, November 2026).
FIELDS = {
    PHONE: """account_mode certificate code_verification_status conversational_automation country_code country_dial_code
        display_phone_number eligibility_for_api_business_global_search health_status id is_official_business_account
        is_on_biz_app is_pin_enabled is_preverified_number last_onboarded_time messaging_limit_tier name_status
        new_certificate new_display_name new_name_status official_business_account platform_type quality_rating
        quality_score search_visibility status throughput username verified_name webhook_configuration
        whatsapp_business_manager_messaging_limit""",
    WABA: """account_review_status auth_international_rate_eligibility business_verification_status country creation_time
        currency disable_marketing_messages_on_cloud_api health_status id is_enabled_for_insights
        is_shared_with_partners linked_commerce_account marketing_messages_lite_api_status
        marketing_messages_onboarding_status message_template_namespace name on_behalf_of_business_info owner_business
        owner_business_info ownership_type phone_numbers primary_business_location primary_funding_id
        purchase_order_number status subscribed_apps timezone_id whatsapp_business_manager_messaging_limit""",
}
EDGES = {
    PHONE: """block_users business_compliance_info call_permissions calls conversational_automation deregister groups
        marketing_messages media message_qrdls messages official_business_account register request_code settings
        smb_app_data username verify_code whatsapp_business_encryption whatsapp_business_profile
        whatsapp_commerce_settings""",
    WABA: """activities analytics assigned_users audiences call_analytics conversation_analytics dcc_config
        extended_credits flows message_template_previews message_templates migrate_flows migrate_message_templates
        payment_configurations phone_numbers pricing_analytics product_catalogs schedules solutions subscribed_apps
        template_analytics template_groups template_performance_metrics upsert_message_templates
        welcome_message_sequences""",
}


@fact(
    "every field on Meta's pages of the phone number and the account is known",
    source="Meta: Graph API reference, WhatsApp Business phone number and account",
    month="2026-11",
    sure="documented",
)
@pytest.mark.parametrize("node", FIELDS)
def test_every_documented_field_is_known(inside: Inside, node: str) -> None:
    for name in FIELDS[node].split():
        answer = inside.graph("GET", f"{node}?fields={name}")
        assert answer.status_code == 200, name


@pytest.mark.parametrize(("node", "kind"), [(PHONE, NodeKind.PHONE), (WABA, NodeKind.WABA)])
def test_every_documented_edge_is_there_or_named_as_missing(node: str, kind: NodeKind) -> None:
    there = {edge for of, _, edge in ROUTES if of is kind}
    missing = README.read_text("utf-8").partition("Not imitated")[2].partition("\n- ")[0]
    for name in EDGES[node].split():
        assert name in there or f"`{name}`" in missing, name


def test_an_edge_that_is_missing_is_refused_as_graph_does(inside: Inside) -> None:
    error = inside.graph("GET", f"{PHONE}/message_qrdls").json()["error"]
    assert error["message"] == "(#100) Tried accessing nonexisting field (message_qrdls)"


@fact(
    "`fields` is a list, a JSON text of one, or names between commas",
    source="clients' calls (twenty-four public libraries)",
    month="2026-11",
    sure="captured",
)
@pytest.mark.parametrize("fields", ["id,status", '["id","status"]', '[ "id", "status" ]'])
def test_lists_of_fields(inside: Inside, fields: str) -> None:
    for node, value in ((PHONE, "CONNECTED"), (WABA, "ACTIVE")):
        assert inside.graph("GET", node, params={"fields": fields}).json() == {"id": node, "status": value}


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


@fact(
    "`/{number}/settings` has calling, payload encryption, storage and the identity change check",
    source="Meta: settings API (v23.0); business phone numbers, identity change check",
    month="2026-09",
    sure="documented",
)
def test_settings(inside: Inside) -> None:
    def shown(query: str = "") -> Any:
        return inside.graph("GET", f"{PHONE}/settings{query}").json()

    names = ["calling", "payload_encryption", "storage_configuration", "user_identity_change"]
    assert list(shown()) == names
    assert shown("?fields=storage_configuration") == {"storage_configuration": {"status": "DEFAULT"}}
    for change in (
        {"user_identity_change": {"enable_identity_key_check": True}},
        {"calling": {"status": "ENABLED", "call_hours": {"status": "DISABLED"}}},
        {"storage_configuration": {"status": "IN_COUNTRY_STORAGE_ENABLED", "data_localization_region": "CH"}},
        {"payload_encryption": '{"status": "DISABLED"}'},
    ):
        assert post(inside, "settings", change) == {"success": True}
    assert shown()["user_identity_change"] == {"enable_identity_key_check": True}
    assert shown()["calling"]["call_icon_visibility"] == "DEFAULT"
    assert shown()["calling"]["status"] == "ENABLED"
    refused: list[dict[str, Any]] = [
        {},
        {"colour": {}},
        {"calling": "x"},
        {"calling": {"status": "perhaps"}},
        {"storage_configuration": {}},
        {"user_identity_change": {}},
        {"user_identity_change": {"enable_identity_key_check": "perhaps"}},
        {"user_identity_change": {"enabled": True}},
    ]
    for bad in refused:
        assert post(inside, "settings", bad)["error"]["code"] == 100
    assert inside.graph("GET", f"{PHONE}/settings?fields=x").status_code == 400
