"""``GET /{phone_number_id}`` (fact sheet 10.1)."""

from typing import Any

from mock_meta.accounts import Account, PhoneNumber
from mock_meta.answer import Answer, ok
from mock_meta.call import Call
from mock_meta.fields import select
from mock_meta.graph.routes import Node, NodeKind, Route, phone_of
from mock_meta.mock import Mock

DEFAULT_FIELDS = (
    "verified_name",
    "code_verification_status",
    "display_phone_number",
    "quality_rating",
    "platform_type",
    "throughput",
    "webhook_configuration",
    "id",
)
# Fields that a number has once something was set that the mock does not keep.
_UNSET = (
    "conversational_automation",
    "country_code",
    "country_dial_code",
    "eligibility_for_api_business_global_search",
    "health_status",
    "new_certificate",
)


def phone_node(account: Account, phone: PhoneNumber) -> dict[str, Any]:
    """Every field the node has; None for those without a value."""
    hooks = {
        "application": account.webhook_url,
        "whatsapp_business_account": account.override_url,
        "phone_number": phone.override_url,
    }
    return {
        "id": phone.id,
        "display_phone_number": phone.display,
        "verified_name": phone.verified_name,
        "quality_rating": phone.quality_rating,
        "code_verification_status": "VERIFIED" if phone.verified else "NOT_VERIFIED",
        "name_status": phone.name_status,
        "new_name_status": "NONE",
        "status": "CONNECTED" if phone.registered else "PENDING",
        "platform_type": "CLOUD_API" if phone.registered else "NOT_APPLICABLE",
        "throughput": {"level": phone.throughput if phone.registered else "NOT_APPLICABLE"},
        "account_mode": phone.mode,
        "messaging_limit_tier": "TIER_10K",
        "whatsapp_business_manager_messaging_limit": "TIER_10K",
        "webhook_configuration": {name: url for name, url in hooks.items() if url} or None,
        "is_official_business_account": False,
        "is_pin_enabled": phone.pin is not None,
        "certificate": None,
        "last_onboarded_time": None,
        "search_visibility": "VISIBLE",
        "quality_score": {"score": phone.quality_rating},
        "is_on_biz_app": False,
        "is_preverified_number": False,
        **dict.fromkeys(_UNSET),
    }


def get_phone(_mock: Mock, call: Call, node: Node) -> Answer:
    return ok(select(phone_node(node.account, phone_of(node)), call.query.get("fields"), DEFAULT_FIELDS))


routes = (Route("GET", NodeKind.PHONE, "", "phone.get", get_phone),)
