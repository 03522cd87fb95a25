from __future__ import annotations

import base64
import json

import pytest

from conformance.meta.webhook_payloads import (
    change,
    contact_item,
    entry,
    escaped,
    new_wamid,
    of_messages,
    payload,
    signature,
    status_item,
    text_item,
)

VECTOR = (
    rb'{"object":"whatsapp_business_account","entry":[{"id":"102290129340398","changes":[{"value":{"messaging_product":'
    rb'"whatsapp","text":{"body":"Perch\u00e9 s\u00ec \ud83d\udc4d a\/b"}},"field":"messages"}]}]}'
)


def test_the_escaped_form_and_its_signature_are_metas() -> None:
    value = {"messaging_product": "whatsapp", "text": {"body": "Perché sì 👍 a/b"}}
    body = escaped(payload(entry("102290129340398", {"value": value, "field": "messages"})))
    assert body == VECTOR
    expected = "sha256=437efc677b7dd01dd05bcc535e6a9cfb69ed3a702b0ecbc122957b64044292b2"
    assert signature("test_app_secret", body) == expected


def test_the_escaped_form_means_the_same() -> None:
    strange = {"a": "\u2028 </b> \\/ é 👩🏽‍🚀"}
    assert json.loads(escaped(strange)) == strange


@pytest.mark.parametrize("number", ["+12025550100", "447700900123"])
def test_a_wamid_holds_the_customers_number_and_is_new(number: str) -> None:
    first, second = new_wamid(number), new_wamid(number)
    assert first != second
    assert number.lstrip("+").encode() in base64.b64decode(first.removeprefix("wamid."), validate=True)


def test_messages_come_with_a_contact_for_each_sender() -> None:
    items = [
        text_item("+12025550100", "a"),
        text_item("12025550100", "b"),
        None,
        {"from": None},
        text_item("447700900123", "c"),
    ]
    value = of_messages("106540000000001", items)["value"]
    assert [contact["wa_id"] for contact in value["contacts"]] == ["12025550100", "447700900123"]
    assert value["messages"] == items
    assert value["metadata"]["phone_number_id"] == "106540000000001"


def test_items_are_in_metas_form() -> None:
    assert status_item("wamid.x", "read", "+12025550100")["recipient_id"] == "12025550100"
    assert contact_item("+12025550100", "Ada") == {"profile": {"name": "Ada"}, "wa_id": "12025550100"}
    assert change("1", "account_update", event="x") == {
        "field": "account_update",
        "value": {
            "messaging_product": "whatsapp",
            "metadata": {"display_phone_number": "15550100000", "phone_number_id": "1"},
            "event": "x",
        },
    }
