"""Whether an app gets the webhooks of a WABA (fact sheet 11)."""

from tests.mock_meta.inside import HOOK, PERSON, PHONE, WABA, Inside


def test_subscribed_apps(inside: Inside) -> None:
    path = f"{WABA}/subscribed_apps"
    (app,) = inside.graph("GET", path).json()["data"]
    assert app["whatsapp_business_api_data"]["id"] == "670843887433847"
    assert inside.graph("DELETE", path).json() == {"success": True}
    assert inside.graph("GET", path).json() == {"data": []}
    assert inside.graph("POST", path).json() == {"success": True}


def test_subscription_gates_webhooks(inside: Inside) -> None:
    message = {"phone_number_id": PHONE, "messages": [{"from": PERSON}]}
    inside.graph("DELETE", f"{WABA}/subscribed_apps")
    assert inside.control("POST", "/inbound", message)["deliveries"] == []
    inside.graph("POST", f"{WABA}/subscribed_apps")
    assert len(inside.control("POST", "/inbound", message)["deliveries"]) == 1
    assert [url for url, _, _ in inside.posts.sent] == [HOOK]
