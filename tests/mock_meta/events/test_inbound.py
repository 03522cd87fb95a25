"""Messages a person writes, on command, of every type Meta has."""

from typing import Any

import pytest

from mock_meta.events.inbound_content import TYPES
from mock_meta.protocol.wamid import decode_wamid
from tests.mock_meta.fidelity import fact
from tests.mock_meta.inside import PERSON, PHONE, WABA, Inside


def write(inside: Inside, *messages: dict[str, Any], **options: Any) -> dict[str, Any]:
    body = {"phone_number_id": PHONE, "messages": [{"from": PERSON, **message} for message in messages], **options}
    answer: dict[str, Any] = inside.control("POST", "/inbound", body)
    return answer


@pytest.mark.parametrize("kind", TYPES)
def test_every_type_is_completed(inside: Inside, kind: str) -> None:
    answer = write(inside, {"type": kind, "profile_name": "Ada"})
    (value,) = inside.posts.values()
    (message,) = value["messages"]
    assert list(value)[:2] == ["messaging_product", "metadata"]
    assert value["metadata"] == {"display_phone_number": "15550783881", "phone_number_id": PHONE}
    assert message["id"] == answer["wamids"][0]
    found = decode_wamid(message["id"])
    assert found is not None
    assert (found.number, found.inbound) == (PERSON, True)
    assert (message["from"], message["timestamp"], message["type"]) == (PERSON, "1750000000", kind)
    assert message[kind if kind not in {"request_welcome", "unknown"} else "type"]
    person = {"profile": {"name": "Ada"}, "wa_id": PERSON, "user_id": message["from_user_id"]}
    expected = None if kind == "system" else [person]
    assert value.get("contacts") == expected


@pytest.mark.parametrize("kind", ["button", "interactive"])
def test_a_tap_names_the_message_it_was_on(inside: Inside, kind: str) -> None:
    sent = inside.wamid()
    write(inside, {"type": kind})
    assert inside.posts.values()[0]["messages"][0]["context"] == {"from": "15550783881", "id": sent}


def test_what_the_caller_gives_is_kept(inside: Inside) -> None:
    given = {
        "type": "image",
        "id": "wamid.mine",
        "image": {"id": "777", "caption": "foto", "mime_type": "image/png"},
        "context": {"id": "wamid.quoted"},
        "referral": {"source_type": "ad"},
    }
    assert write(inside, given)["wamids"] == ["wamid.mine"]
    message = inside.posts.values()[0]["messages"][0]
    assert message["image"]["id"] == "777"
    assert message["image"]["caption"] == "foto"
    assert message["context"] == {"from": "15550783881", "id": "wamid.quoted"}
    assert message["referral"] == {"source_type": "ad"}
    assert inside.graph("GET", "777").json()["mime_type"] == "image/png"


def test_all_that_metas_messages_have_is_taken(inside: Inside) -> None:
    given: dict[str, Any] = {
        "context": {"forwarded": True},
        "referral": {"source_type": "ad"},
        "identity": {"hash": "x"},
        "errors": [{"code": 131051}],
        "edit": {"original_message_id": "wamid.x"},
        "revoke": {"original_message_id": "wamid.x"},
        "group_id": "Y2FwaV9ncm91cDoxNzA1",
        "from_user_id": "IT.1",
    }
    write(inside, {**given, "text": {"body": "Ciao"}})
    message = inside.posts.values()[0]["messages"][0]
    assert {name: message[name] for name in given} == given


def test_one_post_each_or_one_for_all(inside: Inside) -> None:
    write(inside, {"text": {"body": "1"}}, {"text": {"body": "2"}}, {"from": "99900005678"}, batch=True)
    (value,) = inside.posts.values()
    assert len(value["messages"]) == 3
    assert [contact["wa_id"] for contact in value["contacts"]] == [PERSON, "99900005678"]
    answer = write(inside, {}, {}, batch=False)
    assert len(answer["deliveries"]) == 2
    assert len(inside.posts.sent) == 3


def test_bad_commands_are_refused(inside: Inside) -> None:
    def refused(path: str, body: dict[str, Any], status: int = 400) -> str:
        return str(inside.control("POST", path, body, status=status)["error"])

    text = {"from": PERSON, "type": "text"}
    assert "no phone number '1'" in refused("/inbound", {"phone_number_id": "1", "messages": [text]}, 404)
    assert "from: field required" in refused("/inbound", {"phone_number_id": PHONE, "messages": [{}]})
    unknown = {"phone_number_id": PHONE, "messages": [{"from": PERSON, "type": "txt"}]}
    assert "no message type 'txt'" in refused("/inbound", unknown)
    misspelt = {"phone_number_id": PHONE, "messages": [{"form": PERSON}]}
    assert refused("/inbound", misspelt).startswith("messages.0: unknown member 'form'; did you mean 'from'?")
    assert "unknown member 'message'; did you mean 'messages'?" in refused(
        "/inbound", {"phone_number_id": PHONE, "message": [text]}
    )
    for member, sentence in (
        ({"type": "image", "image": "x"}, "'image' must be an object"),
        ({"type": "contacts", "contacts": {}}, "'contacts' must be an array"),
        ({"type": "image", "image": {"mime_type": 5}}, "'mime_type' must be a string"),
        ({"id": 5}, "'id' must be a string"),
        ({"context": "x"}, "'context' must be an object"),
        ({"txt": {"body": "x"}}, "messages.0: unknown member 'txt'; did you mean 'text'?"),
        ({"image": {}}, "'image' is for messages of that type, and this one's is 'text'"),
    ):
        body = {"phone_number_id": PHONE, "messages": [{"from": PERSON, **member}]}
        assert sentence in refused("/inbound", body)
    assert "give either" in refused("/webhooks", {"waba_id": WABA})
    assert "needs a 'payload'" in refused("/webhooks", {"waba_id": WABA, "body": "x", "signature": "unescaped"})
    assert "no delivery 'x'" in refused("/webhooks/x/replay", {}, 404)
    inside.control("PUT", f"/accounts/{WABA}", {"webhook_url": None})
    assert "has no webhook_url" in refused("/statuses", {"phone_number_id": PHONE, "statuses": [{"id": "x"}]})


USER = "US.13491208655302741918"
NUMBER, WHATSAPP_ID = "5551995550111", "555195550111"


def message_of(inside: Inside, **given: Any) -> dict[str, Any]:
    """The value of the webhook that tells of one message."""
    inside.control("POST", "/inbound", {"phone_number_id": PHONE, "messages": [given]})
    return inside.posts.values()[-1]


@fact(
    "a customer may come with a user id and no number: no `from`, no `wa_id`",
    source="Meta: business-scoped user ids; captures in clients' threads",
    month="2026-08",
    sure="documented",
)
@pytest.mark.parametrize("name", ["from_user_id", "user_id"])
def test_a_customer_without_a_number(inside: Inside, name: str) -> None:
    value = message_of(inside, **{name: USER, "username": "anna.rossi"})
    assert value["contacts"] == [{"profile": {"name": "Anna", "username": "anna.rossi"}, "user_id": USER}]
    assert value["messages"][0]["from_user_id"] == USER
    assert "from" not in value["messages"][0]


@fact(
    "a customer may come without a profile, or with a username in it",
    source="clients' issue threads; Meta: usernames",
    month="2026-06",
    sure="documented",
)
def test_a_customer_without_a_profile(inside: Inside) -> None:
    (contact,) = message_of(inside, **{"from": PERSON, "profile_name": None})["contacts"]
    assert "profile" not in contact
    (contact,) = message_of(inside, **{"from": PERSON, "profile_name": None, "username": "anna"})["contacts"]
    assert contact["profile"] == {"username": "anna"}
    assert "contacts" not in message_of(inside, **{"from": PERSON, "contact": None})
    (contact,) = message_of(inside, **{"from": PERSON, "contact": {"new": 1}, "parent_user_id": "US.ENT.1"})["contacts"]
    assert (contact["wa_id"], contact["new"], contact["parent_user_id"]) == (PERSON, 1, "US.ENT.1")


def test_a_customer_without_a_number_is_answered_inside_the_window(inside: Inside) -> None:
    message_of(inside, from_user_id=USER)
    inside.control("PUT", "/behaviour", {"profile": "instant"})
    inside.control("PUT", "/limits", {"window": {"enabled": True}})
    inside.send(to=None, recipient=USER)
    inside.rest()
    assert [one["status"] for one in inside.posts.statuses()] == ["sent", "delivered", "read"]
    assert inside.graph("POST", f"{PHONE}/block_users", json=blocking(USER)).status_code == 200
    answer = write_from(inside, {"from_user_id": USER})
    assert answer == {"wamids": [], "deliveries": []}


def blocking(person: str) -> dict[str, Any]:
    return {"messaging_product": "whatsapp", "block_users": [{"user": person}]}


def write_from(inside: Inside, *messages: dict[str, Any], **options: Any) -> dict[str, Any]:
    answer: dict[str, Any] = inside.control(
        "POST", "/inbound", {"phone_number_id": PHONE, "messages": list(messages), **options}
    )
    return answer


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({}, "from: field required"),
        ({"from_user_id": "anna"}, "'anna' is not a user id"),
        ({"from": PERSON, "username": 5}, "'username' must be a string"),
        ({"from": PERSON, "referral": "ad"}, "'referral' must be an object"),
        ({"from": PERSON, "extra": []}, "'extra' must be an object"),
        ({"from": PERSON, "refferal": {}}, "did you mean 'referral'?; 'extra' takes what is in no documentation"),
    ],
)
def test_senders_that_are_none(inside: Inside, given: dict[str, Any], sentence: str) -> None:
    body = {"phone_number_id": PHONE, "messages": [given]}
    assert sentence in inside.control("POST", "/inbound", body, status=400)["error"]


@fact(
    "what Meta itself tells of a customer opens no window",
    source="Meta: customer service windows (a user's message or call opens one)",
    month="2026-09",
    sure="inferred",
)
def test_a_system_message_opens_no_window(inside: Inside) -> None:
    inside.control("PUT", "/behaviour", {"profile": "instant"})
    inside.control("PUT", "/limits", {"window": {"enabled": True}})
    message_of(inside, **{"from": PERSON, "type": "system"})
    inside.send()
    inside.rest()
    assert [one["status"] for one in inside.posts.statuses()] == ["failed"]


@fact(
    "a number and its WhatsApp id are one person: webhooks carry the id, and the reply is inside the window",
    source="clients' issue threads; Meta: phone number formats",
    month="2026-11",
    sure="captured",
)
@pytest.mark.parametrize(
    ("number", "whatsapp_id"),
    [
        (NUMBER, WHATSAPP_ID),
        (WHATSAPP_ID, WHATSAPP_ID),
        ("5511987654321", "5511987654321"),
        ("525512345678", "5215512345678"),
        ("541123456789", "5491123456789"),
        ("393331234567", "393331234567"),
    ],
)
def test_a_number_and_its_whatsapp_id_are_one_person(inside: Inside, number: str, whatsapp_id: str) -> None:
    value = message_of(inside, **{"from": f"+{number}"})
    assert (value["messages"][0]["from"], value["contacts"][0]["wa_id"]) == (whatsapp_id, whatsapp_id)
    again = message_of(inside, **{"from": whatsapp_id})
    assert again["contacts"] == value["contacts"]
    inside.control("PUT", "/behaviour", {"profile": "instant"})
    inside.control("PUT", "/limits", {"window": {"enabled": True}})
    for to in (number, whatsapp_id):
        inside.send(to=to)
    inside.send(to=None, recipient=value["contacts"][0]["user_id"])
    inside.rest()
    assert "failed" not in {one["status"] for one in inside.posts.statuses()}


@fact(
    "a number that is not registered hears nothing",
    source="Meta: registration; reports of numbers moved between accounts",
    month="2026-11",
    sure="inferred",
)
def test_a_number_that_is_not_registered_hears_nothing(inside: Inside) -> None:
    inside.graph("POST", f"{PHONE}/deregister")
    for batch in (True, False):
        assert write_from(inside, {"from": PERSON}, batch=batch) == {"wamids": [], "deliveries": []}
    assert inside.posts.sent == []


@fact(
    "with the identity change check on, contacts carry `identity_key_hash`",
    source="Meta: business phone numbers, identity change check; webhooks, messages",
    month="2026-05",
    sure="documented",
)
def test_an_identity_key_hash(inside: Inside) -> None:
    assert "identity_key_hash" not in message_of(inside, **{"from": PERSON})["contacts"][0]
    check = {"user_identity_change": {"enable_identity_key_check": True}}
    assert inside.graph("POST", f"{PHONE}/settings", json=check).json() == {"success": True}
    first, second = (message_of(inside, **{"from": PERSON})["contacts"][0]["identity_key_hash"] for _ in range(2))
    assert first == second
