"""``/{waba_id}/subscribed_apps``: whether Meta sends this WABA's webhooks at all (fact sheet 11)."""

from typing import Any

from mock_meta.accounts import Account
from mock_meta.answer import Answer, ok, success
from mock_meta.call import Call
from mock_meta.graph.overrides import verify_waba
from mock_meta.graph.routes import Node, NodeKind, Route
from mock_meta.mock import Mock


def list_apps(_mock: Mock, _call: Call, node: Node) -> Answer:
    return ok({"data": subscribed_apps(node.account)})


def subscribed_apps(account: Account) -> list[dict[str, Any]]:
    if not account.subscribed:
        return []
    link = f"https://www.facebook.com/games/?app_id={account.app_id}"
    app: dict[str, Any] = {"whatsapp_business_api_data": {"link": link, "name": account.name, "id": account.app_id}}
    return [{**app, "override_callback_uri": account.override_url} if account.override_url else app]


def subscribe(_mock: Mock, call: Call, node: Node) -> Answer:
    """Idempotent. An override replaces the app's callback for this WABA; without one the app's own counts again."""
    node.account.subscribed = True
    node.account.override_url = call.params.get("override_callback_uri") or None
    return success()


def unsubscribe(_mock: Mock, _call: Call, node: Node) -> Answer:
    node.account.subscribed = False
    node.account.override_url = None
    return success()


routes = (
    Route("GET", NodeKind.WABA, "subscribed_apps", "subscribed_apps.list", list_apps),
    Route("POST", NodeKind.WABA, "subscribed_apps", "subscribed_apps.add", subscribe, verify_waba),
    Route("DELETE", NodeKind.WABA, "subscribed_apps", "subscribed_apps.delete", unsubscribe),
)
