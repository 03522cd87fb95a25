"""``/{waba_id}/subscribed_apps``: whether Meta sends this WABA's webhooks at all (fact sheet 11)."""

from typing import Any

from mock_meta.business.accounts import Account
from mock_meta.business.apps import App
from mock_meta.graph.callback_overrides import verify_waba
from mock_meta.graph.routes import NodeKind, ResolvedCall, Route
from mock_meta.mock import Mock
from mock_meta.protocol.answer import Answer, ok, success


def list_apps(_mock: Mock, call: ResolvedCall) -> Answer:
    return ok({"data": subscribed_apps(call.account)})


def subscribed_apps(account: Account) -> list[dict[str, Any]]:
    """The account's own app first, then the others, as far as they are subscribed."""
    return [_shown(app) for app in (account.app, *account.other_apps) if app.subscribed]


def _shown(app: App) -> dict[str, Any]:
    link = f"https://www.facebook.com/games/?app_id={app.id}"
    node: dict[str, Any] = {"whatsapp_business_api_data": {"link": link, "name": app.name, "id": app.id}}
    return {**node, "override_callback_uri": app.override_url} if app.override_url else node


def subscribe(_mock: Mock, call: ResolvedCall) -> Answer:
    """The token's app. Idempotent; an override replaces its callback for this WABA, without one its own counts again."""
    app = call.app
    app.subscribed = True
    app.override_url = call.params.get("override_callback_uri") or None
    return success()


def unsubscribe(_mock: Mock, call: ResolvedCall) -> Answer:
    app = call.app
    app.subscribed = False
    app.override_url = None
    return success()


routes = (
    Route("GET", NodeKind.WABA, "subscribed_apps", "subscribed_apps.list", list_apps),
    Route("POST", NodeKind.WABA, "subscribed_apps", "subscribed_apps.add", subscribe, verify_waba),
    Route("DELETE", NodeKind.WABA, "subscribed_apps", "subscribed_apps.delete", unsubscribe),
)
