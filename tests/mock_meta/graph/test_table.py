"""Every field and edge that Meta documents of numbers and accounts: there, or named as missing."""

from pathlib import Path

import pytest

import mock_meta
from mock_meta.graph.routes import NodeKind
from mock_meta.graph.table import ROUTES
from tests.mock_meta.fidelity import fact
from tests.mock_meta.inside import PHONE, WABA, Inside

README = Path(mock_meta.__file__).with_name("README.md")


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
