"""``GET /{phone_number_id}`` (fact sheet 10.1)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from mock_meta.business.accounts import Account, PhoneNumber
from mock_meta.graph.health import health
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
# Fields that a number has once something was set that the mock does not keep: Graph leaves out what is null.
_UNSET = (
    "certificate",
    "conversational_automation",
    "eligibility_for_api_business_global_search",
    "last_onboarded_time",
    "new_certificate",
    "new_display_name",
    "official_business_account",
    "username",
)
_COUNTRIES: Mapping[str, str] = MappingProxyType(
    {
        "1": "US",
        "33": "FR",
        "34": "ES",
        "39": "IT",
        "44": "GB",
        "49": "DE",
        "52": "MX",
        "54": "AR",
        "55": "BR",
        "57": "CO",
        "62": "ID",
        "90": "TR",
        "91": "IN",
        "234": "NG",
        "971": "AE",
    }
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
        "search_visibility": "VISIBLE",
        "quality_score": {"score": phone.quality_rating},
        "is_on_biz_app": False,
        "is_preverified_number": False,
        "country_dial_code": next((code for code in _COUNTRIES if phone.digits.startswith(code)), None),
        "country_code": next((name for code, name in _COUNTRIES.items() if phone.digits.startswith(code)), None),
        **dict.fromkeys(_UNSET),
    }


def shown_phone(mock: Mock, account: Account, phone: PhoneNumber, asked: str | None) -> dict[str, Any]:
    """The asked fields of the node, its health and the tier that the messaging limit stands for among them."""
    limits = dict.fromkeys(("messaging_limit_tier", "whatsapp_business_manager_messaging_limit"), tier(mock))
    node = {**phone_node(account, phone), **limits, "health_status": health(account, phone)}
    return select(node, asked, DEFAULT_FIELDS)


def tier(mock: Mock) -> str:
    """What Meta calls the messaging limit."""
    limit = mock.limits.settings.messaging_limit
    fitting = (name for most, name in _TIERS if limit.enabled and limit.users <= most)
    return next(fitting, "TIER_UNLIMITED")


def get_phone(mock: Mock, call: ResolvedCall) -> Answer:
    return ok(shown_phone(mock, call.account, call.phone, call.query.get("fields")))


routes = (Route("GET", NodeKind.PHONE, "", "phone.get", get_phone),)
