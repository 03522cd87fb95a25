"""Who is asking, and for what: tokens, objects that a token does not see, unknown paths."""

import hashlib
import hmac

import pytest

from tests.mock_meta.inside import (
    OTHER_PHONE,
    OTHER_WABA,
    PERSON,
    PHONE,
    SECRET,
    TOKEN,
    WABA,
    Inside,
    add_other,
)


def test_no_token(inside: Inside) -> None:
    answer = inside.graph("GET", PHONE, token=None)
    assert answer.status_code == 401
    error = answer.json()["error"]
    assert (error["code"], error["message"]) == (104, "An access token is required to request this resource.")
    assert answer.headers["www-authenticate"].startswith('OAuth "Facebook Platform" "invalid_request" ')


def test_an_unknown_token(inside: Inside) -> None:
    answer = inside.graph("POST", f"{PHONE}/messages", token="nonsense", json={})
    assert answer.status_code == 401
    error = answer.json()["error"]
    assert error["message"] == "Invalid OAuth access token - Cannot parse access token"
    assert (error["code"], error["type"]) == (190, "OAuthException")
    assert "facebook-api-version" not in answer.headers
    assert '"invalid_token"' in answer.headers["www-authenticate"]


@pytest.mark.parametrize("token", ["EAA bc", '"EAAtest"', "EAAt\u00e9st"])
def test_a_malformed_token(inside: Inside, token: str) -> None:
    answer = inside.request("GET", f"/v21.0/{PHONE}", params={"access_token": token})
    assert (answer.status_code, answer.json()["error"]["message"]) == (401, "Malformed access token")
    assert token not in str(inside.requests())


@pytest.mark.parametrize(("state", "subcode"), [("expired", 463), ("invalidated", 460)])
def test_a_token_that_is_no_longer_good(inside: Inside, state: str, subcode: int) -> None:
    inside.control("PUT", f"/accounts/{WABA}", {"token_state": state})
    answer = inside.graph("GET", PHONE)
    assert (answer.status_code, answer.json()["error"]["error_subcode"]) == (401, subcode)


def test_when_a_token_expired(inside: Inside) -> None:
    inside.control("PUT", f"/accounts/{WABA}", {"token_state": "expired"})
    assert inside.graph("GET", PHONE).json()["error"]["message"] == (
        "Error validating access token: Session has expired on Sunday, 15-Jun-25 07:06:40 PDT. "
        "The current time is Sunday, 15-Jun-25 08:06:40 PDT."
    )


@pytest.mark.parametrize(("method", "verb"), [("GET", "get"), ("POST", "post"), ("DELETE", "delete")])
def test_an_object_that_is_not_there(inside: Inside, method: str, verb: str) -> None:
    answer = inside.graph(method, "999")
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["message"] == (
        f"Unsupported {verb} request. Object with ID '999' does not exist, cannot be loaded due to missing permissions, or "
        "does not support this operation. Please read the Graph API documentation at "
        "https://developers.facebook.com/docs/graph-api"
    )
    assert (error["code"], error["error_subcode"], error["type"]) == (100, 33, "GraphMethodException")


def test_a_token_does_not_see_another_accounts_objects(inside: Inside) -> None:
    add_other(inside)
    for path in (OTHER_PHONE, OTHER_WABA, f"{OTHER_WABA}/message_templates", f"{OTHER_WABA}/subscribed_apps"):
        assert inside.graph("GET", path).json()["error"]["error_subcode"] == 33
    body = {"messaging_product": "whatsapp", "to": PERSON, "text": {"body": "Ciao"}}
    assert inside.graph("POST", f"{OTHER_PHONE}/messages", json=body).json()["error"]["error_subcode"] == 33
    assert inside.graph("POST", f"{OTHER_PHONE}/messages", json=body, token="EAAother").status_code == 200


def test_unknown_paths(inside: Inside) -> None:
    error = inside.graph("GET", f"{PHONE}/messages/foo").json()["error"]
    assert (error["code"], error["message"]) == (2500, "Unknown path components: /messages/foo")
    assert inside.graph("GET", "foo").json()["error"]["code"] == 803
    error = inside.graph("GET", f"{PHONE}/foo").json()["error"]
    assert (error["code"], error["message"]) == (100, "(#100) Tried accessing nonexisting field (foo)")
    error = inside.graph("POST", f"{PHONE}/foo").json()["error"]
    assert (error["code"], error["message"]) == (2500, "Unknown path components: /foo")
    assert inside.graph("POST", f"{WABA}/messages").json()["error"]["error_subcode"] == 33
    assert inside.graph("GET", "").json()["error"]["type"] == "GraphMethodException"
    assert inside.graph("PUT", PHONE).json()["error"]["message"].startswith("Unsupported put request.")


def test_a_proof_must_be_the_apps_and_is_no_parameter(inside: Inside) -> None:
    right = hmac.new(SECRET.encode(), TOKEN.encode(), hashlib.sha256).hexdigest()
    profile = {"messaging_product": "whatsapp", "about": "Hi"}
    for method, path, body in (
        ("GET", PHONE, None),
        ("POST", f"{PHONE}/whatsapp_business_profile", profile),
        ("POST", f"{PHONE}/messages", {"messaging_product": "whatsapp", "to": PERSON, "text": {"body": "Ciao"}}),
    ):
        assert inside.graph(method, f"{path}?appsecret_proof={right}", json=body).status_code == 200
        refused = inside.graph(method, f"{path}?appsecret_proof={right[:-1]}", json=body)
        error = refused.json()["error"]
        assert (refused.status_code, error["code"]) == (400, 100)
        assert error["message"] == "Invalid appsecret_proof provided in the API argument"
    assert [entry["problems"] for entry in inside.requests() if entry["outcome"] == "accepted"] == [[], [], []]
