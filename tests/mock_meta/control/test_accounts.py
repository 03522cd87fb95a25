"""The control: who may use it, how accounts are kept, and what it says to mistakes."""

from typing import Any

import pytest

from mock_meta import __version__
from tests.mock_meta.inside import HOOK, PERSON, PHONE, SECRET, TOKEN, WABA, Inside, account


def test_other_machines_are_refused_unless_asked_for(inside: Inside) -> None:
    inside.client_host = "192.0.2.7"
    assert "this machine only" in inside.control("GET", "/health", status=403)["error"]
    assert inside.send()
    opened = Inside(control_remote=True)
    opened.client_host = "192.0.2.7"
    assert opened.control("GET", "/health")["ok"]
    opened.close()


@pytest.mark.parametrize(
    ("method", "path", "status", "sentence"),
    [
        ("GET", "/helth", 404, "no control route /_control/helth; did you mean '/_control/health'?"),
        ("GET", "/reset", 405, "GET is not a method of /_control/reset"),
        ("POST", "/accounts/1/templates", 404, f"no account '1'; known: {WABA}"),
    ],
)
def test_mistakes(inside: Inside, method: str, path: str, status: int, sentence: str) -> None:
    assert inside.control(method, path, {}, status=status) == {"error": sentence}


def test_a_body_that_is_no_object(inside: Inside) -> None:
    for content, sentence in ((b"{", "the body is not JSON"), (b"[]", "the body must be a JSON object, not list")):
        answer = inside.request("PUT", "/_control/behaviour", content=content)
        assert answer.status_code == 400
        assert sentence in answer.json()["error"]


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"acces_token": "x"}, "unknown member 'acces_token'; did you mean 'access_token'?"),
        ({"phone_numbers": [{"id": "x", "display_phone_number": "+1 555"}]}, "phone_numbers.0.id: string should match"),
        ({"phone_numbers": [{"idd": "1"}]}, "phone_numbers.0"),
        ({"webhook_url": "http://example.org/hook"}, "webhook_url: host 'example.org' is not on this machine"),
        ({"webhook_url": "nonsense"}, "'nonsense' is not an absolute http or https URL"),
        ({"templates": [{"name": "Bad Name", "components": []}]}, "templates.0.name: string should match"),
    ],
)
def test_bad_accounts(inside: Inside, body: dict[str, Any], sentence: str) -> None:
    assert sentence in inside.control("PUT", f"/accounts/{WABA}", body, status=400)["error"]


def test_a_new_account_needs_its_secrets(inside: Inside) -> None:
    assert inside.control("PUT", "/accounts/7", {}, status=400)["error"] == "a new account needs 'access_token'"
    assert "decimal" in inside.control("PUT", "/accounts/x", account(), status=400)["error"]


def test_a_number_has_a_pin_of_six_digits_and_one_of_metas_states(inside: Inside) -> None:
    for wrong in ({"pin": "12"}, {"pin": "12345x"}, {"name_status": "FINE"}):
        phone = {"id": PHONE, "display_phone_number": "+1 555-078-3881", **wrong}
        inside.control("PUT", f"/accounts/{WABA}", {"phone_numbers": [phone]}, status=400)


def test_a_number_has_one_account(inside: Inside) -> None:
    sentence = inside.control("PUT", "/accounts/7", account(), status=409)["error"]
    assert sentence == f"phone number {PHONE} belongs to account {WABA}"
    template = inside.graph("GET", f"{WABA}/message_templates?name=plain").json()["data"][0]
    taken = account(access_token="EAAseven", phone_numbers=[], templates=[template])
    sentence = inside.control("PUT", "/accounts/7", taken, status=409)["error"]
    assert sentence == f"template {template['id']} belongs to account {WABA}"


def test_an_upsert_changes_what_it_names(inside: Inside) -> None:
    before = inside.control("GET", "/accounts")["accounts"][0]
    after = inside.control("PUT", f"/accounts/{WABA}", {"locked": True})
    assert after == {**before, "locked": True}
    inside.control("PUT", f"/accounts/{WABA}", {"access_token": "EAAnew"})
    assert inside.graph("GET", PHONE).status_code == 401
    assert inside.graph("GET", PHONE, token="EAAnew").status_code == 200


def test_a_known_number_keeps_what_is_not_mentioned(inside: Inside) -> None:
    shown = "about,vertical,description"
    number = {"id": PHONE, "display_phone_number": "+1 555-078-3881"}
    limited = {"allowed_recipients": [PERSON], "throughput": "HIGH", "pin": "123456"}
    inside.control("PUT", f"/accounts/{WABA}", {"phone_numbers": [{**number, **limited}]})
    product = {"messaging_product": "whatsapp"}
    inside.graph("POST", f"{PHONE}/whatsapp_business_profile", json={**product, "about": "Plants"}).raise_for_status()
    override = {"override_callback_uri": f"{HOOK}/own", "verify_token": "verify"}
    inside.graph("POST", PHONE, json={"webhook_configuration": override}).raise_for_status()
    before = inside.graph("GET", f"{PHONE}/whatsapp_business_profile?fields={shown}").json()
    groups = inside.graph("GET", f"{PHONE}/groups").json()

    changed = {"id": PHONE, "display_phone_number": "+1 555-078-3882", "quality_rating": "RED"}
    after = inside.control("PUT", f"/accounts/{WABA}", {"phone_numbers": [changed]})["phone_numbers"][0]
    assert (after["display_phone_number"], after["quality_rating"]) == ("+1 555-078-3882", "RED")
    assert (after["verified_name"], after["throughput"]["level"]) == ("Lucky Shrub", "HIGH")
    assert after["webhook_configuration"]["phone_number"] == f"{HOOK}/own"
    assert inside.graph("GET", f"{PHONE}/whatsapp_business_profile?fields={shown}").json() == before
    assert before["data"][0]["about"] == "Plants"
    assert inside.graph("GET", f"{PHONE}/groups").json() == groups
    assert len(groups["data"]) == 1
    assert inside.refused(to="99900009999")["code"] == 131030
    wrong = inside.graph("POST", f"{PHONE}/register", json={**product, "pin": "654321"})
    assert wrong.json()["error"]["code"] == 133005


def test_a_known_number_loses_what_is_mentioned(inside: Inside) -> None:
    number = {"id": PHONE, "display_phone_number": "+1 555-078-3881", "pin": "123456", "allowed_recipients": []}
    inside.control("PUT", f"/accounts/{WABA}", {"phone_numbers": [number]})
    bare = {**number, "pin": None, "allowed_recipients": None, "groups": []}
    after = inside.control("PUT", f"/accounts/{WABA}", {"phone_numbers": [bare]})["phone_numbers"][0]
    assert not after["is_pin_enabled"]
    assert inside.graph("GET", f"{PHONE}/groups").json()["data"] == []
    inside.send()


def test_other_hosts_can_be_allowed(inside: Inside) -> None:
    opened = Inside(allowed_hosts=frozenset({"crm.example"}))
    opened.control("PUT", f"/accounts/{WABA}", account(webhook_url="https://crm.example/hook"))
    opened.close()


def test_a_template_is_replaced_by_name_and_language(inside: Inside) -> None:
    template = {"name": "promo", "components": [{"type": "BODY", "text": "a"}]}
    first = inside.control("POST", f"/accounts/{WABA}/templates", template)
    second = inside.control("POST", f"/accounts/{WABA}/templates", {**template, "status": "PAUSED"})
    assert first == second
    assert inside.graph("GET", first["id"]).json()["status"] == "PAUSED"
    assert inside.control("POST", f"/accounts/{WABA}/templates", {**template, "language": "it"}) != first


def test_reset_keeps_accounts_unless_told_otherwise(inside: Inside) -> None:
    inside.send()
    inside.control("POST", "/faults", {"error": {"code": 1}})
    assert inside.control("POST", "/reset")["ok"]
    assert inside.requests() == []
    assert inside.control("GET", "/faults") == {"faults": []}
    inside.send(to=PERSON)
    inside.control("POST", "/reset", {"accounts": True})
    assert inside.control("GET", "/accounts") == {"accounts": []}
    assert inside.graph("GET", PHONE).status_code == 401


def test_two_mocks_share_nothing(inside: Inside) -> None:
    other = Inside()
    assert other.control("GET", "/accounts") == {"accounts": []}
    assert other.graph("GET", PHONE).status_code == 401
    other.close()


def test_secrets_do_not_leave_the_control(inside: Inside) -> None:
    shown = str(inside.control("GET", "/accounts"))
    assert SECRET not in shown
    assert TOKEN not in shown
    health = inside.control("GET", "/health")
    assert (health["mock"], health["version"], health["ok"]) == ("mock_meta", __version__, True)


def test_an_account_may_name_itself(inside: Inside) -> None:
    """The docs show the object of a --config file."""
    told = inside.control("PUT", f"/accounts/{WABA}", {"waba_id": WABA, "name": "Same"})
    assert (told["waba_id"], told["name"]) == (WABA, "Same")
    error = inside.control("PUT", f"/accounts/{WABA}", {"waba_id": "1", "name": "Other"}, status=400)["error"]
    assert error == f"waba_id '1' is not '{WABA}', which the address says"
