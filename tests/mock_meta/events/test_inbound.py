"""Messages a person writes, on command, of every type Meta has."""

from typing import Any

import pytest

from mock_meta.events.inbound import TYPES
from mock_meta.protocol.wamid import decode_wamid
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
    assert message[kind]
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


def test_replies_and_the_removal_of_a_reaction(inside: Inside) -> None:
    reply = {"type": "list_reply", "list_reply": {"id": "r1", "title": "Uno", "description": "…"}}
    write(inside, {"type": "interactive", "interactive": reply})
    write(inside, {"type": "reaction", "reaction": {"message_id": "wamid.x"}})
    first, second = (value["messages"][0] for value in inside.posts.values())
    assert first["interactive"] == reply
    assert second["reaction"] == {"message_id": "wamid.x"}


def test_an_unsupported_message_says_why(inside: Inside) -> None:
    write(inside, {"type": "unsupported"})
    message = inside.posts.values()[0]["messages"][0]
    assert message["errors"] == [
        {
            "code": 131051,
            "title": "Message type unknown",
            "message": "Message type unknown",
            "error_data": {"details": "Message type is currently not supported."},
        }
    ]


def test_one_post_each_or_one_for_all(inside: Inside) -> None:
    write(inside, {"text": {"body": "1"}}, {"text": {"body": "2"}}, {"from": "99900005678"}, batch=True)
    (value,) = inside.posts.values()
    assert len(value["messages"]) == 3
    assert [contact["wa_id"] for contact in value["contacts"]] == [PERSON, "99900005678"]
    answer = write(inside, {}, {}, batch=False)
    assert len(answer["deliveries"]) == 2
    assert len(inside.posts.sent) == 3


def test_statuses_go_out_exactly_as_given(inside: Inside) -> None:
    known = inside.wamid()
    statuses = [
        {"id": known, "status": "read"},
        {"id": "wamid.unknown", "status": "odd", "recipient_id": "1", "timestamp": "5"},
    ]
    (delivery,) = inside.control("POST", "/statuses", {"phone_number_id": PHONE, "statuses": statuses})["deliveries"]
    assert delivery["state"] == "acknowledged"
    assert inside.posts.statuses() == [
        {"id": known, "status": "read", "timestamp": "1750000000", "recipient_id": PERSON},
        {"id": "wamid.unknown", "status": "odd", "recipient_id": "1", "timestamp": "5"},
    ]
    (entry,) = inside.control("GET", "/ledger?kind=webhook&wamid=wamid.unknown")["entries"]
    assert entry["statuses"] == [[known, "read"], ["wamid.unknown", "odd"]]


def test_bad_commands_are_refused(inside: Inside) -> None:
    def refused(path: str, body: dict[str, Any], status: int = 400) -> str:
        return str(inside.control("POST", path, body, status=status)["error"])

    text = {"from": PERSON, "type": "text"}
    assert "no phone number '1'" in refused("/inbound", {"phone_number_id": "1", "messages": [text]}, 404)
    assert "messages.0.from: field required" in refused("/inbound", {"phone_number_id": PHONE, "messages": [{}]})
    unknown = {"phone_number_id": PHONE, "messages": [{"from": PERSON, "type": "txt"}]}
    assert "no message type 'txt'" in refused("/inbound", unknown)
    misspelt = {"phone_number_id": PHONE, "messages": [{"form": PERSON}]}
    assert refused("/inbound", misspelt) == "messages.0: unknown member 'form'; did you mean 'from'?"
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
