"""Statuses on command: what the mock's own say, unless the caller says otherwise."""

from typing import Any

import pytest

from tests.mock_meta.inside import GROUP, PERSON, PHONE, WABA, Inside


def announce(inside: Inside, *statuses: dict[str, Any]) -> dict[str, Any]:
    """The value of the webhook with these statuses."""
    body = {"phone_number_id": PHONE, "statuses": list(statuses)}
    (delivery,) = inside.control("POST", "/statuses", body)["deliveries"]
    assert delivery["state"] == "acknowledged"
    return inside.posts.values()[-1]


def own(inside: Inside, *names: str, **send: Any) -> tuple[str, list[dict[str, Any]]]:
    """A message, and the webhooks with which the mock itself announces these statuses."""
    steps = [{"status": name, **({"error": {"code": 131049}} if name == "failed" else {})} for name in names]
    inside.control("POST", "/behaviour/recipients", {"to": [PERSON], "script": steps})
    wamid = inside.wamid(**send)
    inside.rest()
    return wamid, inside.posts.values()[-len(names) :]


@pytest.mark.parametrize("names", [("sent", "delivered", "read"), ("sent", "read"), ("failed",), ("sent", "failed")])
@pytest.mark.parametrize("version", ["v21.0", "v25.0"])
@pytest.mark.parametrize("user_ids", ["with user ids", "without"])
@pytest.mark.parametrize(
    "send",
    [
        {"biz_opaque_callback_data": "camp-7"},
        {"type": "template", "text": None, "template": {"name": "rich_text", "language": {"code": "en_US"}}},
    ],
)
def test_it_is_what_the_mock_itself_says(
    inside: Inside, names: tuple[str, ...], version: str, user_ids: str, send: dict[str, Any]
) -> None:
    inside.control("PUT", f"/accounts/{WABA}", {"webhook_version": version, "user_ids": user_ids != "without"})
    promo = {"name": "rich_text", "category": "MARKETING", "components": [{"type": "BODY", "text": "Hi."}]}
    inside.control("POST", f"/accounts/{WABA}/templates", promo)
    _, expected = own(inside, *names, **send)
    inside.control("POST", "/behaviour/recipients", {"to": [PERSON], "script": []})
    wamid = inside.wamid(**send)
    for name, value in zip(names, expected, strict=True):
        errors = {"errors": [{"code": 131049}]} if name == "failed" else {}
        told = announce(inside, {"id": wamid, "status": name, **errors})
        (status,) = value["statuses"]
        status["id"] = wamid
        if "conversation" in status:
            status["conversation"]["id"] = told["statuses"][0]["conversation"]["id"]
        assert told == value


def test_one_message_has_one_conversation(inside: Inside) -> None:
    wamid, (first,) = own(inside, "sent")
    told = announce(inside, {"id": wamid, "status": "delivered"})["statuses"][0]
    assert told["conversation"]["id"] == first["statuses"][0]["conversation"]["id"]


def test_the_caller_is_right(inside: Inside) -> None:
    wamid = inside.wamid()
    given = {"id": wamid, "status": "sent", "timestamp": "5", "pricing": None, "recipient_id": "39333", "odd": [1]}
    (status,) = announce(inside, given)["statuses"]
    assert "pricing" not in status
    assert (status["timestamp"], status["recipient_id"], status["odd"]) == ("5", "39333", [1])
    failed = {"id": wamid, "status": "failed", "errors": [{"code": 131026, "title": "mine"}, "odd"]}
    errors = announce(inside, failed)["statuses"][0]["errors"]
    assert (errors[0]["title"], errors[0]["message"], errors[1]) == ("mine", "mine", "odd")


def test_what_is_known_of_nothing_goes_out_as_given(inside: Inside) -> None:
    odd = {"id": "wamid.unknown", "status": "odd", "recipient_id": "1", "timestamp": "5"}
    assert announce(inside, odd)["statuses"] == [odd]
    stranger = announce(inside, {"id": "wamid.unknown", "status": "read"})
    assert stranger["statuses"] == [{"id": "wamid.unknown", "status": "read", "timestamp": "1750000000"}]
    assert "contacts" not in stranger
    known = announce(inside, {"id": "wamid.theirs", "status": "read", "recipient_id": PERSON})
    assert known["contacts"][0]["wa_id"] == PERSON


def test_several_in_one_post_and_on_record(inside: Inside) -> None:
    first, second = inside.wamid(), inside.wamid()
    announce(inside, {"id": first, "status": "read"}, {"id": second, "status": "sent"})
    (entry,) = inside.control("GET", f"/ledger?kind=webhook&wamid={first}")["entries"]
    assert entry["statuses"] == [[first, "read"], [second, "sent"]]


def test_a_message_to_a_group_is_told_for_each_participant(inside: Inside) -> None:
    wamid = inside.wamid(to=GROUP, recipient_type="group")
    statuses = announce(inside, {"id": wamid, "status": "delivered"})["statuses"]
    assert [one["recipient_participant_id"] for one in statuses] == [PERSON, "99900005678"]
    assert {one["recipient_id"] for one in statuses} == {GROUP}
