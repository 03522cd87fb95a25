"""Business-scoped user ids as recipients, in ``recipient`` instead of ``to``."""

import json

import pytest

from mock_meta.protocol.numbers import is_user_id
from tests.mock_meta.inside import PERSON, PHONE, WABA, Inside, details

USER = "US.13491208655302741918"
CODE = {
    "name": "code",
    "category": "AUTHENTICATION",
    "components": [{"type": "BODY", "text": "{{1}} is your code."}],
}


def test_the_answer_names_the_user(inside: Inside) -> None:
    assert inside.send(to=None, recipient=USER)["contacts"] == [{"input": USER, "user_id": USER}]


def test_a_number_wins(inside: Inside) -> None:
    assert inside.send(recipient=USER)["contacts"] == [{"input": PERSON, "wa_id": PERSON}]


def test_statuses_name_the_user(inside: Inside) -> None:
    inside.control("PUT", "/behaviour", {"profile": "instant"})
    inside.send(to=None, recipient=USER)
    inside.rest()
    assert [(one["recipient_user_id"], "recipient_id" in one) for one in inside.posts.statuses()][:1] == [(USER, False)]


def test_people_have_an_id_for_the_account_that_stays(inside: Inside) -> None:
    inside.control("PUT", "/behaviour", {"profile": "instant"})
    inside.send()
    inside.send(to="99900011026")
    message = {"from": PERSON, "text": {"body": "Ciao"}}
    inside.control("POST", "/inbound", {"phone_number_id": PHONE, "messages": [message]})
    inside.rest()
    heard = next(value for value in inside.posts.values() if "messages" in value)
    (known,) = {contact["user_id"] for contact in heard["contacts"]}
    assert is_user_id(known)
    assert heard["messages"][0]["from_user_id"] == known
    told = [(value["statuses"][0], value.get("contacts")) for value in inside.posts.values() if "statuses" in value]
    assert all(contacts == [{"wa_id": PERSON, "user_id": known}] for one, contacts in told if one["status"] != "failed")
    assert [(one["recipient_id"], contacts) for one, contacts in told if "errors" in one] == [
        ("99900011026", [{"wa_id": "99900011026"}])
    ]


def test_as_before_2026(inside: Inside) -> None:
    inside.control("PUT", f"/accounts/{WABA}", {"user_ids": False})
    inside.control("PUT", "/behaviour", {"profile": "instant"})
    inside.send()
    inside.control("POST", "/inbound", {"phone_number_id": PHONE, "messages": [{"from": PERSON}]})
    inside.rest()
    assert not any("user_id" in json.dumps(value) for value in inside.posts.values())


def test_the_caller_may_choose_the_id(inside: Inside) -> None:
    message = {"from": PERSON, "user_id": USER}
    inside.control("POST", "/inbound", {"phone_number_id": PHONE, "messages": [message]})
    (value,) = inside.posts.values()
    assert (value["contacts"][0]["user_id"], value["messages"][0]["from_user_id"]) == (USER, USER)


def test_the_ledger_has_it(inside: Inside) -> None:
    inside.send(to=None, recipient=USER)
    entry = inside.requests()[-1]
    assert (entry["to"], entry["problems"]) == (USER, [])


@pytest.mark.parametrize("recipient", ["39333", "us.1349", "US.", "US.13 49", 7])
def test_no_user_id(inside: Inside, recipient: object) -> None:
    assert details(inside.refused(to=None, recipient=recipient)).startswith("The recipient is malformed")


def test_a_user_id_is_no_number(inside: Inside) -> None:
    assert details(inside.refused(to=USER)).startswith("The phone number is malformed")


def test_codes_go_to_numbers(inside: Inside) -> None:
    inside.control("POST", f"/accounts/{WABA}/templates", CODE)
    body = {"type": "body", "parameters": [{"type": "text", "text": "1234"}]}
    template = {"name": "code", "language": {"code": "en_US"}, "components": [body]}
    inside.send(type="template", text=None, template=template)
    assert inside.refused(to=None, recipient=USER, type="template", text=None, template=template)["code"] == 131062
