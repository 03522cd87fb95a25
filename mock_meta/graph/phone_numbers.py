"""``GET /{phone_number_id}`` (fact sheet 10.1)."""

from typing import Any

from mock_meta.business.accounts import Account, PhoneNumber
from mock_meta.graph.routes import NodeKind, ResolvedCall, Route
from mock_meta.mock import Mock
from mock_meta.protocol.answer import Answer, ok
from mock_meta.protocol.fields import select

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
_TIERS = ((50, "TIER_50"), (250, "TIER_250"), (2_000, "TIER_2K"), (10_000, "TIER_10K"), (100_000, "TIER_100K"))
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
    """Every field the node has of itself; None for those without a value."""
    hooks = {
        "application": account.app.webhook_url,
        "whatsapp_business_account": account.app.override_url,
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


def shown_phone(mock: Mock, account: Account, phone: PhoneNumber, asked: str | None) -> dict[str, Any]:
    """The asked fields of the node, the tier that the messaging limit stands for among them."""
    limit = mock.limits.settings.messaging_limit
    fitting = (name for most, name in _TIERS if limit.enabled and limit.users <= most)
    tier = next(fitting, "TIER_UNLIMITED")
    limits = {"messaging_limit_tier": tier, "whatsapp_business_manager_messaging_limit": tier}
    return select({**phone_node(account, phone), **limits}, asked, DEFAULT_FIELDS)


def get_phone(mock: Mock, call: ResolvedCall) -> Answer:
    return ok(shown_phone(mock, call.account, call.phone, call.query.get("fields")))


routes = (Route("GET", NodeKind.PHONE, "", "phone.get", get_phone),)
