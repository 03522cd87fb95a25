"""Several apps with one WABA: each has its token, its callback, its secret, its fields, and its own copy of every webhook."""

import hashlib
import hmac
from typing import Any

import pytest

from tests.mock_meta.inside import HOOK, PERSON, PHONE, SECRET, WABA, Inside

OTHER = "http://127.0.0.1:9/other"
APP = {"app_id": "77", "access_token": "EAAother", "app_secret": "other_secret", "webhook_url": OTHER}


@pytest.fixture
def shared(inside: Inside) -> Inside:
    """An account with a second app."""
    inside.control("PUT", f"/accounts/{WABA}", {"other_apps": [APP]})
    return inside


def write(inside: Inside) -> list[str]:
    """Where the webhook of a message goes that a person writes now; every copy must be signed by its own app."""
    inside.posts.sent.clear()
    inside.control("POST", "/inbound", {"phone_number_id": PHONE, "messages": [{"from": PERSON}]})
    inside.rest()
    secrets = {HOOK: SECRET, OTHER: "other_secret"}
    for url, body, headers in inside.posts.sent:
        right = hmac.new(secrets[url].encode(), body, hashlib.sha256).hexdigest()
        assert headers["X-Hub-Signature-256"] == f"sha256={right}"
    return sorted(url for url, _, _ in inside.posts.sent)


def names(inside: Inside) -> list[str]:
    data = inside.graph("GET", f"{WABA}/subscribed_apps").json()["data"]
    return [one["whatsapp_business_api_data"]["id"] for one in data]


def test_each_app_gets_its_copy(shared: Inside) -> None:
    assert write(shared) == [HOOK, OTHER]
    assert names(shared) == ["670843887433847", "77"]


def test_a_token_subscribes_its_own_app(shared: Inside) -> None:
    assert shared.graph("DELETE", f"{WABA}/subscribed_apps", token="EAAother").json() == {"success": True}
    assert (names(shared), write(shared)) == (["670843887433847"], [HOOK])
    shared.graph("DELETE", f"{WABA}/subscribed_apps")
    shared.graph("POST", f"{WABA}/subscribed_apps", token="EAAother")
    assert (names(shared), write(shared)) == (["77"], [OTHER])


def test_both_tokens_open_the_account(shared: Inside) -> None:
    assert shared.graph("GET", PHONE, token="EAAother").status_code == 200
    shared.control("PUT", f"/accounts/{WABA}", {"other_apps": []})
    assert shared.graph("GET", PHONE, token="EAAother").json()["error"]["code"] == 190


def test_each_app_listens_to_its_fields(shared: Inside) -> None:
    shared.control("PUT", f"/accounts/{WABA}", {"other_apps": [{**APP, "webhook_fields": ["security"]}]})
    assert write(shared) == [HOOK]


def test_an_app_that_fails_does_not_hold_up_the_other(shared: Inside) -> None:
    shared.posts.answers = [None]
    shared.control("PUT", "/behaviour", {"profile": "instant"})
    shared.send()
    shared.rest()
    assert {url for url, _, _ in shared.posts.sent} == {HOOK, OTHER}


def test_a_replay_is_signed_for_its_receiver(shared: Inside) -> None:
    write(shared)
    ledger: list[dict[str, Any]] = shared.control("GET", "/ledger?kind=webhook")["entries"]
    (old,) = (entry for entry in ledger if entry["url"] == OTHER)
    shared.control("POST", f"/webhooks/{old['delivery_id']}/replay", {})
    first, second = (headers for url, _, headers in shared.posts.sent if url == OTHER)
    assert first["X-Hub-Signature-256"] == second["X-Hub-Signature-256"]


def test_a_callback_must_be_allowed(shared: Inside) -> None:
    stranger = {**APP, "webhook_url": "https://example.org/"}
    assert (
        "is not on this machine" in shared.control("PUT", f"/accounts/{WABA}", {"other_apps": [stranger]}, 400)["error"]
    )


def test_a_token_is_one_apps_only(shared: Inside) -> None:
    shared.control("PUT", f"/accounts/{WABA}", {"token_state": "expired"})
    assert shared.graph("GET", PHONE, token="EAAother").status_code == 200
    debugged = shared.graph("GET", "debug_token", params={"input_token": "EAAother"}, token="EAAother").json()["data"]
    assert (debugged["app_id"], debugged["application"], debugged["is_valid"]) == ("77", "Another app", True)
    shared.control("PUT", f"/accounts/{WABA}", {"token_state": "valid"})
    file = {"file_length": "3", "file_type": "image/png"}
    assert "id" in shared.graph("POST", "77/uploads", params=file, token="EAAother").json()
    for app, token in (("670843887433847", "EAAother"), ("77", "EAAtest")):
        error = shared.graph("POST", f"{app}/uploads", params=file, token=token).json()["error"]
        assert (error["code"], error["error_subcode"]) == (100, 33)
