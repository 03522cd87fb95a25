"""What happened on the business's own phone."""

from typing import Any

import pytest

from tests.mock_meta.fidelity import fact
from tests.mock_meta.inside import PERSON, PHONE, WABA, Inside


def tell(inside: Inside, **members: Any) -> dict[str, Any]:
    """The change in the webhook that tells of it."""
    answer = inside.control("POST", "/coexistence", {"phone_number_id": PHONE, **members})
    (delivery,) = answer["deliveries"]
    payload = inside.control("GET", "/ledger?kind=webhook")["entries"][-1]["payload"]
    assert delivery["state"] == "acknowledged"
    change: dict[str, Any] = payload["entry"][0]["changes"][0]
    return change


@fact(
    "what the business typed on its phone comes as `smb_message_echoes` with `from`, `to`, and the message",
    source="Meta: webhooks, smb_message_echoes",
    month="2026-05",
    sure="documented",
)
@pytest.mark.parametrize("kind", ["text", "image", "video", "document", "revoke", "edit"])
def test_an_echo(inside: Inside, kind: str) -> None:
    change = tell(inside, echoes=[{"to": f"+{PERSON}", "type": kind, "extra": {"new": 1}}])
    (echo,) = change["value"]["message_echoes"]
    assert change["field"] == "smb_message_echoes"
    assert (echo["from"], echo["to"], echo["type"], echo["timestamp"]) == ("15550783881", PERSON, kind, "1750000000")
    assert echo[kind]
    assert echo["to_user_id"].startswith("US.")
    assert echo["new"] == 1
    (entry,) = inside.control("GET", f"/ledger?kind=webhook&wamid={echo['id']}")["entries"]
    assert entry["wamids"] == [echo["id"]]


def test_an_echo_opens_no_window_and_its_picture_can_be_fetched(inside: Inside) -> None:
    inside.control("PUT", "/behaviour", {"profile": "instant"})
    inside.control("PUT", "/limits", {"window": {"enabled": True}})
    (echo,) = tell(inside, echoes=[{"to": PERSON, "type": "image"}])["value"]["message_echoes"]
    assert inside.graph("GET", echo["image"]["id"]).status_code == 200
    inside.send()
    inside.rest()
    assert [one["status"] for one in inside.posts.statuses()] == ["failed"]


@fact(
    "the history comes in phases and chunks of threads; a message says with `history_context` how far it came",
    source="Meta: webhooks, history",
    month="2026-05",
    sure="documented",
)
def test_a_chunk_of_history(inside: Inside) -> None:
    messages = [{"text": {"body": "Ciao"}}, {"from_business": True, "status": "DELIVERED", "timestamp": "5"}]
    history = {"phase": 1, "chunk_order": 2, "progress": 40, "threads": [{"person": PERSON, "messages": messages}]}
    change = tell(inside, history=history)
    assert change["field"] == "history"
    (chunk,) = change["value"]["history"]
    assert chunk["metadata"] == {"phase": 1, "chunk_order": 2, "progress": 40}
    (thread,) = chunk["threads"]
    first, second = thread["messages"]
    assert (thread["id"], first["from"], first["text"]) == (PERSON, PERSON, {"body": "Ciao"})
    assert (second["from"], second["to"], second["timestamp"]) == ("15550783881", PERSON, "5")
    assert [one["history_context"]["status"] for one in (first, second)] == ["READ", "DELIVERED"]


@fact(
    "a business that shares no history is told of with error 2593109",
    source="Meta: webhooks, history",
    month="2026-05",
    sure="documented",
)
def test_history_that_was_declined(inside: Inside) -> None:
    (chunk,) = tell(inside, history={"declined": True})["value"]["history"]
    assert chunk["errors"][0]["code"] == 2593109


@fact(
    "contacts of the phone come as `smb_app_state_sync`, with an action and a time each",
    source="Meta: webhooks, smb_app_state_sync",
    month="2026-05",
    sure="documented",
)
def test_contacts(inside: Inside) -> None:
    person = {"full_name": "Anna Rossi", "first_name": "Anna", "phone_number": PERSON}
    change = tell(inside, contacts=[{"contact": person}, {"contact": {"phone_number": "1"}, "action": "remove"}])
    assert change["field"] == "smb_app_state_sync"
    first, second = change["value"]["state_sync"]
    stamp = {"timestamp": "1750000000"}
    assert first == {"type": "contact", "contact": person, "action": "add", "metadata": stamp}
    assert second["action"] == "remove"


def test_an_app_that_does_not_listen_hears_nothing(inside: Inside) -> None:
    inside.control("PUT", f"/accounts/{WABA}", {"webhook_fields": ["messages"]})
    answer = inside.control("POST", "/coexistence", {"phone_number_id": PHONE, "echoes": [{"to": PERSON}]})
    assert answer == {"deliveries": []}


@pytest.mark.parametrize(
    ("members", "sentence"),
    [
        ({}, "give 'echoes', 'history' or 'contacts'"),
        ({"echoes": [{"to": PERSON, "type": "order"}]}, "no message type 'order'"),
        ({"echoes": [{"too": PERSON}]}, "did you mean 'to'?"),
        ({"history": {"phase": 3}}, "history.phase"),
        ({"contacts": [{"contact": {}, "action": "edit"}]}, "contacts.0.action"),
    ],
)
def test_mistakes_are_told(inside: Inside, members: dict[str, Any], sentence: str) -> None:
    body = {"phone_number_id": PHONE, **members}
    assert sentence in inside.control("POST", "/coexistence", body, status=400)["error"]
