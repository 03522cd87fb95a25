"""``/{app_id}/subscriptions``: the app's callback and the webhook fields it listens to (fact sheet 15.4; Graph's own page)."""

from typing import Any

from mock_meta.events.callback_verification import require_verified
from mock_meta.graph.routes import NodeKind, ResolvedCall, Route
from mock_meta.mock import Mock
from mock_meta.protocol.allowed_hosts import refusal
from mock_meta.protocol.answer import Answer, ok, success
from mock_meta.protocol.errors import ErrorBody, GraphError, invalid
from mock_meta.protocol.fields import names_in
from mock_meta.rules.value_checks import one_of, required, text_at

FIELDS = (
    "account_alerts",
    "account_review_update",
    "account_settings_update",
    "account_update",
    "automatic_events",
    "business_capability_update",
    "business_status_update",
    "calls",
    "flows",
    "group_lifecycle_update",
    "group_participants_update",
    "group_settings_update",
    "group_status_update",
    "history",
    "message_echoes",
    "message_template_components_update",
    "message_template_quality_update",
    "message_template_status_update",
    "messages",
    "messaging_handovers",
    "partner_solutions",
    "payment_configuration_update",
    "phone_number_name_update",
    "phone_number_quality_update",
    "security",
    "smb_app_state_sync",
    "smb_message_echoes",
    "standby",
    "template_category_update",
    "template_correct_category_detection",
    "tracking_events",
    "user_id_update",
    "user_preferences",
)
_OBJECT, _LONGEST = "whatsapp_business_account", 2000


def _check_token(call: ResolvedCall) -> None:
    if not call.caller.served:
        raise GraphError(ErrorBody(15, "(#15) This method must be called with an app access_token.", 400))


async def verify(mock: Mock, call: ResolvedCall) -> None:
    _check_token(call)
    _check_object(call)
    _fields(call)
    url = text_at(call.params, "callback_url", "", _LONGEST)
    if refusal(url, mock.settings.allowed_hosts) is not None:
        raise invalid("Param callback_url is not a valid URI.")
    await require_verified(mock, url, text_at(call.params, "verify_token", "", _LONGEST))


def _check_object(call: ResolvedCall) -> None:
    if call.params.get("object") is None:
        raise required("object")
    one_of(call.params["object"], (_OBJECT,), "object")


def _fields(call: ResolvedCall) -> frozenset[str]:
    """Fields that Meta has and the mock never sends are taken too. Raises GraphError 100 for others."""
    names = names_in(call.params.get("fields") or None)
    return frozenset(one_of(name, FIELDS, f"fields[{index}]") for index, name in enumerate(names))


def subscribe(mock: Mock, call: ResolvedCall) -> Answer:
    """For every account that the app serves."""
    fields = _fields(call)
    for account in mock.accounts.served_by(call.node_id):
        account.app.webhook_url = str(call.params["callback_url"])
        account.app.verify_token = str(call.params["verify_token"])
        account.app.webhook_fields = fields
    return success()


def list_subscriptions(_mock: Mock, call: ResolvedCall) -> Answer:
    _check_token(call)
    app = call.account.app
    if app.webhook_url is None:
        return ok({"data": []})
    names = sorted(FIELDS if app.webhook_fields is None else app.webhook_fields)
    subscription: dict[str, Any] = {
        "object": _OBJECT,
        "callback_url": app.webhook_url,
        "active": True,
        "fields": [{"name": name, "version": app.webhook_version} for name in names],
    }
    return ok({"data": [subscription]})


def unsubscribe(mock: Mock, call: ResolvedCall) -> Answer:
    _check_token(call)
    for account in mock.accounts.served_by(call.node_id):
        account.app.webhook_url = None
    return success()


routes = (
    Route("GET", NodeKind.APP, "subscriptions", "subscriptions.list", list_subscriptions),
    Route("POST", NodeKind.APP, "subscriptions", "subscriptions.add", subscribe, verify),
    Route("DELETE", NodeKind.APP, "subscriptions", "subscriptions.delete", unsubscribe),
)
