"""A payload of the caller's own becomes state."""

from typing import Any

import pytest

from tests.mock_meta.inside import PERSON, PHONE, WABA, Inside

PICTURE = {"id": "4711", "mime_type": "image/png", "sha256": "x"}


def payload(*messages: Any, **value: Any) -> dict[str, Any]:
    metadata = {"display_phone_number": "15550783881", "phone_number_id": PHONE}
    whole = {"messaging_product": "whatsapp", "metadata": metadata, "messages": list(messages), **value}
    change = {"field": "messages", "value": whole}
    return {"object": "whatsapp_business_account", "entry": [{"id": WABA, "changes": [change]}]}


def tell(inside: Inside, document: Any) -> None:
    inside.control("POST", "/webhooks", {"waba_id": WABA, "payload": document})


def message(**members: Any) -> dict[str, Any]:
    return {"from": PERSON, "id": "wamid.mine", "timestamp": "1", "type": "text", "text": {"body": "x"}, **members}


def test_its_messages_can_be_marked_as_read(inside: Inside) -> None:
    tell(inside, payload(message()))
    read = {"messaging_product": "whatsapp", "status": "read", "message_id": "wamid.mine"}
    assert inside.graph("POST", f"{PHONE}/messages", json=read).json() == {"success": True}


@pytest.mark.parametrize("sender", [{}, {"from": None, "from_user_id": "US.1349"}])
def test_they_open_the_window(inside: Inside, sender: dict[str, Any]) -> None:
    inside.control("PUT", "/behaviour", {"profile": "instant"})
    inside.control("PUT", "/limits", {"window": {"enabled": True}})
    tell(inside, payload({name: value for name, value in message(**sender).items() if value is not None}))
    inside.send(to=None if sender else PERSON, recipient="US.1349" if sender else None)
    inside.rest()
    assert [one["status"] for one in inside.posts.statuses()] == ["sent", "delivered", "read"]


@pytest.mark.parametrize("kind", ["image", "video", "audio", "document", "sticker"])
def test_their_media_can_be_fetched(inside: Inside, kind: str) -> None:
    tell(inside, payload(message(type=kind, **{kind: PICTURE})))
    assert inside.graph("GET", "4711").json()["mime_type"] == "image/png"


@pytest.mark.parametrize(
    "document",
    [
        *(None, [], "x", {"entry": 5}, {"entry": [{"changes": [{"value": 5, "field": "messages"}]}]}),
        payload(message(id=5)),
        payload(message(type=None)),
        payload(message(**{"from": 5})),
        payload(message(type="image", image=[])),
        payload(message(type="image", image={"id": "8", "mime_type": 5})),
        payload(5, message(), metadata={"phone_number_id": "1"}),
    ],
)
def test_a_malformed_payload_goes_out_as_it_is(inside: Inside, document: Any) -> None:
    tell(inside, document)
    assert len(inside.posts.sent) == 1
