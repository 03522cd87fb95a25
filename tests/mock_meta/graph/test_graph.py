"""Everything around the send: who is asking, for what, and the shape of the answer."""

import base64
import hashlib
import hmac
import re

import pytest

from mock_meta import __version__
from tests.mock_meta.inside import HOOK, PERSON, PHONE, SECRET, TOKEN, WABA, Inside, account

OTHER_WABA, OTHER_PHONE = "102290000000002", "106540000000002"


def add_other(inside: Inside) -> None:
    phone = {"id": OTHER_PHONE, "display_phone_number": "+1 555-010-0002", "verified_name": "Other"}
    inside.control("PUT", f"/accounts/{OTHER_WABA}", account(access_token="EAAother", phone_numbers=[phone]))


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


def test_headers_of_an_answer(inside: Inside) -> None:
    good, bad = inside.graph("GET", PHONE), inside.graph("GET", "999")
    for answer in (good, bad):
        assert answer.headers["content-type"] == "application/json; charset=UTF-8"
        assert answer.headers["access-control-allow-origin"] == "*"
        assert answer.headers["facebook-api-version"] == "v21.0"
        assert answer.headers["expires"] == "Sat, 01 Jan 2000 00:00:00 GMT"
        assert len(answer.headers["x-fb-trace-id"]) == 11
        assert len(answer.headers["x-fb-debug"]) == 88
    assert good.headers["cache-control"] == "private, no-cache, no-store, must-revalidate"
    assert bad.headers["cache-control"] == "no-store"
    trace = bad.json()["error"]["fbtrace_id"]
    assert re.fullmatch(r"A[A-Za-z0-9_-]{22}", trace)
    assert bad.headers["x-fb-request-id"] == trace
    assert good.headers["etag"]


def test_the_version_is_echoed_and_optional(inside: Inside) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    assert inside.request("GET", f"/v24.0/{PHONE}", headers=headers).headers["facebook-api-version"] == "v24.0"
    assert inside.request("GET", f"/{PHONE}", headers=headers).status_code == 200
    assert inside.request("GET", f"/v21/{PHONE}", headers=headers).status_code == 404
    problems = [entry["problems"] for entry in inside.requests()]
    assert problems[:2] == [[], ["path: no version segment"]]
    assert problems[2][0] == "path: 'v21' is not a version like v21.0"


def test_other_ways_to_carry_a_token(inside: Inside) -> None:
    assert inside.request("GET", f"/v21.0/{PHONE}?access_token={TOKEN}").status_code == 200
    for scheme, status in (("OAuth", 200), ("bearer", 200), ("Token", 401), ("Basic", 401)):
        answer = inside.request("GET", f"/v21.0/{PHONE}", headers={"Authorization": f"{scheme} {TOKEN}"})
        assert answer.status_code == status
    entries = inside.requests()
    both = {"Authorization": "Bearer nobody"}
    assert inside.request("GET", f"/v21.0/{PHONE}?access_token={TOKEN}", headers=both).status_code == 200
    assert all(entry["problems"] for entry in entries)
    assert TOKEN not in str(entries)
    assert entries[0]["authorization"] == {"scheme": "query", "known": True}
    assert entries[3]["authorization"] == {"scheme": "Token", "known": False}


def test_a_token_may_stand_in_the_body_and_does_not_stay_in_the_ledger(inside: Inside) -> None:
    path = f"/v21.0/{PHONE}/register"
    pin = {"messaging_product": "whatsapp", "pin": "123456", "access_token": TOKEN}
    multipart = {name: (None, value) for name, value in pin.items()}
    for answer in (
        inside.request("POST", path, json=pin),
        inside.request("POST", path, data=pin),
        inside.request("POST", path, files=multipart),
    ):
        assert answer.json() == {"success": True}
    broken = {"content-type": "multipart/form-data; boundary=x"}
    assert inside.request("POST", path, content=b"--x", headers=broken).json()["error"]["code"] == 104
    entries = inside.requests()
    assert [entry["authorization"]["scheme"] for entry in entries] == ["body", "body", "body", None]
    assert TOKEN not in str(entries)


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


def test_a_phone_number(inside: Inside) -> None:
    fields = "id,display_phone_number,verified_name,quality_rating"
    assert inside.graph("GET", f"{PHONE}?fields={fields}").json() == {
        "id": PHONE,
        "display_phone_number": "+1 555-078-3881",
        "verified_name": "Lucky Shrub",
        "quality_rating": "GREEN",
    }
    assert list(inside.graph("GET", PHONE).json()) == [
        "verified_name",
        "code_verification_status",
        "display_phone_number",
        "quality_rating",
        "platform_type",
        "throughput",
        "webhook_configuration",
        "id",
    ]
    assert inside.graph("GET", f"{PHONE}?fields=throughput{{level}}").json() == {
        "throughput": {"level": "STANDARD"},
        "id": PHONE,
    }
    error = inside.graph("GET", f"{PHONE}?fields=id,xyz").json()["error"]
    assert error["message"] == "(#100) Tried accessing nonexisting field (xyz)"


def test_a_method_can_be_overridden_in_the_query(inside: Inside) -> None:
    inside.graph("GET", f"{WABA}/subscribed_apps?method=delete")
    assert inside.graph("GET", f"{WABA}/subscribed_apps").json() == {"data": []}


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


def test_inbound_media_can_be_fetched_in_two_hops(inside: Inside) -> None:
    inside.control("POST", "/inbound", {"phone_number_id": PHONE, "messages": [{"from": PERSON, "type": "image"}]})
    image = inside.posts.values()[0]["messages"][0]["image"]
    node = inside.graph("GET", image["id"]).json()
    assert list(node) == ["messaging_product", "url", "mime_type", "sha256", "file_size", "id"]
    assert node["url"].startswith("http://graph.test/whatsapp_business/attachments/?mid=")
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    file = inside.request("GET", node["url"], headers=bearer)
    assert file.headers["content-type"] == node["mime_type"] == "image/jpeg"
    assert str(len(file.content)) == node["file_size"]
    assert hashlib.sha256(file.content).hexdigest() == node["sha256"]
    assert base64.b64encode(hashlib.sha256(file.content).digest()).decode() == image["sha256"]
    assert inside.request("GET", node["url"]).status_code == 401
    assert [entry["operation"] for entry in inside.requests()] == ["media.get", "media.download", "media.download"]
    assert [entry["problems"] for entry in inside.requests()][:2] == [[], []]


def test_download_urls_live_five_minutes_and_media_a_week(inside: Inside) -> None:
    inside.control("POST", "/inbound", {"phone_number_id": PHONE, "messages": [{"from": PERSON, "type": "document"}]})
    media_id = inside.posts.values()[0]["messages"][0]["document"]["id"]
    url = inside.graph("GET", media_id).json()["url"]
    inside.now += 299
    assert inside.request("GET", url, headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200
    inside.now += 2
    assert inside.request("GET", url, headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 404
    inside.now += 8 * 86400
    assert inside.graph("GET", media_id).json()["error"]["error_subcode"] == 33


def test_media_belongs_to_an_account_and_a_number(inside: Inside) -> None:
    add_other(inside)
    inside.control("POST", "/inbound", {"phone_number_id": PHONE, "messages": [{"from": PERSON, "type": "audio"}]})
    media_id = inside.posts.values()[0]["messages"][0]["audio"]["id"]
    url = inside.graph("GET", f"{media_id}?phone_number_id={PHONE}").json()["url"]
    assert inside.graph("GET", f"{media_id}?phone_number_id=1").status_code == 400
    assert inside.graph("GET", media_id, token="EAAother").json()["error"]["error_subcode"] == 33
    assert inside.request("GET", url, headers={"Authorization": "Bearer EAAother"}).status_code == 404


def test_templates_are_listed_in_pages(inside: Inside) -> None:
    seen, url, pages = [], f"/v21.0/{WABA}/message_templates?limit=3&fields=id,name,status,quality_score", 0
    while url:
        page = inside.request("GET", url, headers={"Authorization": f"Bearer {TOKEN}"}).json()
        seen += [row["name"] for row in page["data"]]
        url = page["paging"].get("next")
        assert ("previous" in page["paging"]) == (pages > 0)
        pages += 1
    assert seen == ["plain", "greeting", "rich", "waiting", "paused", "off", "named"]
    assert pages == 3
    back = inside.request("GET", page["paging"]["previous"]).json()
    assert [row["name"] for row in back["data"]] == ["waiting", "paused", "off"]


def test_what_goes_away_between_two_pages_moves_nothing(inside: Inside) -> None:
    path = f"{WABA}/message_templates"
    first = inside.graph("GET", f"{path}?limit=3&fields=name").json()
    for row in first["data"]:
        inside.graph("DELETE", f"{path}?name={row['name']}")
    second = inside.request("GET", first["paging"]["next"]).json()
    assert [row["name"] for row in second["data"]] == ["waiting", "paused", "off"]
    assert "previous" not in second["paging"]


def test_template_filters_and_fields(inside: Inside) -> None:
    def names(query: str) -> list[str]:
        return [row["name"] for row in inside.graph("GET", f"{WABA}/message_templates?{query}").json()["data"]]

    assert names("status=PAUSED") == ["paused"]
    assert names('status=["PAUSED","DISABLED"]') == ["paused", "off"]
    assert names("category=MARKETING") == ["rich"]
    assert names("language=it") == ["named"]
    assert names("name=gree") == ["greeting"]
    assert names("name_or_content=order") == ["greeting"]
    assert inside.graph("GET", f"{WABA}/message_templates?name=zzz").json() == {"data": []}
    row = inside.graph("GET", f"{WABA}/message_templates?name=plain").json()["data"][0]
    assert list(row) == ["name", "parameter_format", "components", "language", "status", "category", "id"]
    assert inside.graph("GET", row["id"]).json() == row
    assert names("content=ORDER") == ["greeting"]
    assert names("content=type") == []
    assert names("after=&limit=&category=marketing") == ["rich"]
    for query, text in (
        ("status=FOO", "Param status must be one of {APPROVED, ARCHIVED, DELETED, DISABLED, IN_APPEAL, "),
        ('status=["PAUSED","FOO"]', "Param status[1] must be one of {"),
        ("category=FOO", 'must be one of {AUTHENTICATION, MARKETING, UTILITY} - got "FOO".'),
        ("quality_score=FOO", "must be one of {GREEN, RED, UNKNOWN, YELLOW}"),
        ("language=[", "Param language must be an array."),
    ):
        assert text in inside.graph("GET", f"{WABA}/message_templates?{query}").json()["error"]["message"]
    for query in ("limit=0", "limit=x", "after=%21", "after=LTUZD", "fields=nothing"):
        assert inside.graph("GET", f"{WABA}/message_templates?{query}").json()["error"]["code"] == 100


def test_secrets_do_not_leave_the_control(inside: Inside) -> None:
    shown = str(inside.control("GET", "/accounts"))
    assert SECRET not in shown
    assert TOKEN not in shown
    health = inside.control("GET", "/health")
    assert (health["mock"], health["version"], health["ok"]) == ("mock_meta", __version__, True)
