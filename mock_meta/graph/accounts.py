"""``GET /{waba_id}`` and ``GET /{waba_id}/phone_numbers`` (fact sheet 11)."""

from mock_meta.graph.health import business_id, health
from mock_meta.graph.phone_numbers import shown_phone, tier
from mock_meta.graph.routes import NodeKind, ResolvedCall, Route
from mock_meta.graph.subscribed_apps import subscribed_apps
from mock_meta.mock import Mock
from mock_meta.protocol.answer import Answer, ok
from mock_meta.protocol.fields import select
from mock_meta.protocol.paging import paginated

DEFAULT_FIELDS = ("id", "name", "timezone_id", "message_template_namespace")
# Fields that an account has once something was set that the mock does not keep: Graph leaves out what is null.
_UNSET = (
    "auth_international_rate_eligibility",
    "creation_time",
    "linked_commerce_account",
    "marketing_messages_lite_api_status",
    "marketing_messages_onboarding_status",
    "on_behalf_of_business_info",
    "primary_funding_id",
    "purchase_order_number",
)


def get_account(mock: Mock, call: ResolvedCall) -> Answer:
    account = call.account
    fields = {
        "id": account.waba_id,
        "name": account.name,
        "timezone_id": "1",
        "message_template_namespace": f"{int(account.waba_id):032x}"[-32:],
        "account_review_status": "APPROVED",
        "currency": "USD",
        "country": "US",
        "business_verification_status": "verified",
        "ownership_type": "SELF",
        "status": "ACTIVE",
        "subscribed_apps": {"data": subscribed_apps(account)},
        "phone_numbers": {"data": [shown_phone(mock, account, phone, None) for phone in account.phones.values()]},
        "health_status": health(account),
        "owner_business_info": {"name": account.name, "id": business_id(account)},
        "owner_business": {"name": account.name, "id": business_id(account)},
        "primary_business_location": "US",
        "is_enabled_for_insights": False,
        "is_shared_with_partners": False,
        "disable_marketing_messages_on_cloud_api": False,
        "whatsapp_business_manager_messaging_limit": tier(mock),
        **dict.fromkeys(_UNSET),
    }
    return ok(select(fields, call.query.get("fields"), DEFAULT_FIELDS))


def list_phones(mock: Mock, call: ResolvedCall) -> Answer:
    asked = call.query.get("fields")
    phones = call.account.phones.values()
    return ok(paginated(call, [shown_phone(mock, call.account, phone, asked) for phone in phones]))


routes = (
    Route("GET", NodeKind.WABA, "", "waba.get", get_account),
    Route("GET", NodeKind.WABA, "phone_numbers", "waba.phone_numbers", list_phones),
)
