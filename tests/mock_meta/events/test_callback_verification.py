"""Where webhooks go: the app's callback, the WABA's, the number's; verified before they count, and for which fields."""

import json
from typing import Any

import pytest

from tests.mock_meta.conftest import Live, Receiver
from tests.mock_meta.fidelity import fact
from tests.mock_meta.inside import HOOK, PERSON, PHONE, SECRET, WABA, Inside, account

OTHER = "http://127.0.0.1:9/other"
OWN = "http://127.0.0.1:9/own"
APP = "670843887433847"
APP_TOKEN = f"{APP}|{SECRET}"


def override_waba(inside: Inside, **members: Any) -> Any:
    return inside.graph("POST", f"{WABA}/subscribed_apps", json=members).json()


def override_phone(inside: Inside, **members: Any) -> Any:
    return inside.graph("POST", PHONE, json={"webhook_configuration": members}).json()


def went_to(inside: Inside) -> list[str]:
    """Where the webhook of a message went that a person writes now."""
    inside.posts.sent.clear()
    inside.control("POST", "/inbound", {"phone_number_id": PHONE, "messages": [{"from": PERSON}]})
    return [url for url, _, _ in inside.posts.sent]


def test_the_number_wins_over_the_waba_and_that_over_the_app(inside: Inside) -> None:
    assert went_to(inside) == [HOOK]
    assert override_waba(inside, override_callback_uri=OTHER, verify_token="t") == {"success": True}
    assert went_to(inside) == [OTHER]
    assert override_phone(inside, override_callback_uri=OWN, verify_token="t") == {"success": True}
    assert went_to(inside) == [OWN]
    configuration = inside.graph("GET", PHONE).json()["webhook_configuration"]
    assert configuration == {"application": HOOK, "whatsapp_business_account": OTHER, "phone_number": OWN}
    (app,) = inside.graph("GET", f"{WABA}/subscribed_apps").json()["data"]
    assert app["override_callback_uri"] == OTHER
    assert override_phone(inside, override_callback_uri="") == {"success": True}
    assert override_waba(inside) == {"success": True}
    assert went_to(inside) == [HOOK]


def test_meta_asks_the_callback_first(inside: Inside) -> None:
    override_waba(inside, override_callback_uri=OTHER, verify_token="my token")
    (asked,) = [url for url, _, _ in inside.posts.sent]
    assert asked.startswith(f"{OTHER}?hub.mode=subscribe&hub.challenge=")
    assert asked.endswith("&hub.verify_token=my+token")


@pytest.mark.parametrize(
    ("members", "text"),
    [
        ({"override_callback_uri": OTHER}, "(#100) The parameter verify_token is required."),
        ({"override_callback_uri": "http://example.org/", "verify_token": "t"}, "is not a valid URI."),
        ({"override_callback_uri": f"{OTHER}/{'x' * 200}", "verify_token": "t"}, "at most 200 characters long."),
        ({"override_callback_uri": 7, "verify_token": "t"}, "must be a string."),
    ],
)
def test_what_is_no_callback(inside: Inside, members: dict[str, Any], text: str) -> None:
    for change in (override_waba, override_phone):
        assert change(inside, **members)["error"]["message"].endswith(text)
    assert went_to(inside) == [HOOK]


@pytest.mark.parametrize(
    ("token", "url", "text"),
    [
        ("wrong", None, "HTTP Status Code = 403"),
        (
            "verify",
            "http://127.0.0.1:9/",
            "curl_errno = 7; curl_error = cannot connect to 127.0.0.1:9: Connection refused",
        ),
    ],
)
def test_a_callback_that_does_not_pass(live: Live, receiver: Receiver, token: str, url: str | None, text: str) -> None:
    asked = {"override_callback_uri": url or receiver.url, "verify_token": token}
    headers = {"Authorization": "Bearer EAAtest"}
    answer = live.http.post(f"/v21.0/{WABA}/subscribed_apps", json=asked, headers=headers)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (400, 2200)
    assert error["message"].startswith(
        f"(#2200) Callback verification failed with the following errors: {text}",
    )


def test_an_app_listens_to_the_fields_it_asked_for(inside: Inside) -> None:
    inside.control("PUT", f"/accounts/{WABA}", {"webhook_fields": ["message_template_status_update"]})
    assert went_to(inside) == []
    inside.control("PUT", f"/accounts/{WABA}", {"webhook_fields": None})
    assert went_to(inside) == [HOOK]


def test_the_apps_subscription(inside: Inside) -> None:
    asked = {
        "object": "whatsapp_business_account",
        "callback_url": OTHER,
        "verify_token": "new",
        "fields": "messages,security",
    }
    answer = inside.graph("POST", f"{APP}/subscriptions", params=asked, token=APP_TOKEN)
    assert answer.json() == {"success": True}
    (row,) = inside.graph("GET", f"{APP}/subscriptions", token=APP_TOKEN).json()["data"]
    assert (row["callback_url"], [field["name"] for field in row["fields"]]) == (OTHER, ["messages", "security"])
    assert went_to(inside) == [OTHER]
    inside.graph("POST", f"{APP}/subscriptions", params={**asked, "fields": "security"}, token=APP_TOKEN)
    assert went_to(inside) == []
    assert inside.graph("DELETE", f"{APP}/subscriptions", token=APP_TOKEN).json() == {"success": True}
    assert inside.graph("GET", f"{APP}/subscriptions", token=APP_TOKEN).json() == {"data": []}


@fact(
    "webhook fields are a list, a JSON text of one, or names between commas, in JSON, a form or a query",
    source="clients' calls (twenty-four public libraries)",
    month="2026-11",
    sure="captured",
)
@pytest.mark.parametrize(
    "fields", ["messages", ["messages"], '["messages"]', "messages, security", ["messages", "security"]]
)
@pytest.mark.parametrize("way", ["json", "data", "params"])
def test_lists_of_webhook_fields(inside: Inside, fields: Any, way: str) -> None:
    if way != "json" and isinstance(fields, list):
        fields = json.dumps(fields)
    asked = {"object": "whatsapp_business_account", "callback_url": OTHER, "verify_token": "new", "fields": fields}
    options: dict[str, Any] = {way: asked}
    assert inside.graph("POST", f"{APP}/subscriptions", token=APP_TOKEN, **options).json() == {"success": True}
    (row,) = inside.graph("GET", f"{APP}/subscriptions", token=APP_TOKEN).json()["data"]
    expected = ["messages", "security"] if "security" in fields else ["messages"]
    assert [field["name"] for field in row["fields"]] == expected


@fact(
    "an unknown webhook field is refused",
    source="Meta: Graph API, app subscriptions; the sentence follows Meta's form",
    month="2026-11",
    sure="inferred",
)
@pytest.mark.parametrize("fields", ["mesages", ["messages", "mesages"], '["mesages"]'])
def test_unknown_webhook_fields(inside: Inside, fields: Any) -> None:
    asked = {"object": "whatsapp_business_account", "callback_url": OTHER, "verify_token": "new", "fields": fields}
    error = inside.graph("POST", f"{APP}/subscriptions", json=asked, token=APP_TOKEN).json()["error"]
    assert error["code"] == 100
    assert error["message"].endswith('- got "mesages".')
    assert went_to(inside) == [HOOK]


def test_only_the_app_itself_subscribes(inside: Inside) -> None:
    for method in ("GET", "POST", "DELETE"):
        error = inside.graph(method, f"{APP}/subscriptions").json()["error"]
        assert error["message"] == "(#15) This method must be called with an app access_token."


def test_an_apps_own_token_opens_the_app_alone(inside: Inside) -> None:
    assert inside.graph("GET", f"{APP}/subscriptions", token=f"{APP}|wrong").json()["error"]["code"] == 190
    hidden = inside.graph("GET", PHONE, token=APP_TOKEN).json()["error"]
    assert (hidden["code"], hidden["error_subcode"]) == (100, 33)


def test_the_app_itself(inside: Inside) -> None:
    for token in ("EAAtest", APP_TOKEN):
        app = inside.graph("GET", APP, token=token).json()
        assert (app["name"], app["id"]) == ("Test account", APP)
    assert inside.graph("GET", f"{APP}?fields=x").json()["error"]["code"] == 100
    assert inside.graph("GET", APP, token="EAAnobody").status_code == 401


def test_whose_a_token_is(inside: Inside) -> None:
    assert list(inside.graph("GET", "me").json()) == ["name", "id"]
    assert list(inside.graph("GET", "me?fields=id").json()) == ["id"]
    assert inside.graph("GET", "me", token=APP_TOKEN).json()["error"]["code"] == 2500
    assert inside.graph("GET", "me", token="EAAnobody").json()["error"]["code"] == 190
    assert inside.graph("POST", "me").status_code == 400


def test_what_a_token_is_good_for(inside: Inside) -> None:
    def told(token: str, asking: str = APP_TOKEN) -> Any:
        return inside.graph("GET", "debug_token", params={"input_token": token}, token=asking).json()

    good = told("EAAtest")["data"]
    assert (good["is_valid"], good["app_id"], good["granular_scopes"][0]["target_ids"]) == (True, APP, [WABA])
    assert told("EAAtest", "EAAtest")["data"]["is_valid"]
    assert told("EAAnobody")["data"]["is_valid"] is False
    inside.control(
        "PUT", "/accounts/102290000000002", account(app_id="99", access_token="EAAstranger", phone_numbers=[])
    )
    assert told("EAAstranger")["data"] == told("EAAnobody")["data"] == told("EAAtest", "EAAstranger")["data"]
    assert told("EAAtest", "EAAnobody")["error"]["code"] == 190
    inside.control("PUT", f"/accounts/{WABA}", {"token_state": "expired"})
    assert (told("EAAtest")["data"]["is_valid"], told("EAAtest")["data"]["app_id"]) == (False, APP)
    assert inside.graph("GET", "debug_token", token=APP_TOKEN).json()["error"]["code"] == 100
