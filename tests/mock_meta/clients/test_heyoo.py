"""heyoo: an older client, on requests and on Graph versions of its time."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, Request
from heyoo import WhatsApp

from tests.mock_meta.clients.conftest import Meta, serving
from tests.mock_meta.inside import PERSON, PHONE, TOKEN, WABA

LIST = {
    "header": "H",
    "body": "Scegli",
    "footer": "F",
    "action": {"button": "Menu", "sections": [{"title": "A", "rows": [{"id": "r1", "title": "Uno"}]}]},
}
BUTTONS = {
    "type": "button",
    "body": {"text": "Scegli"},
    "action": {"buttons": [{"type": "reply", "reply": {"id": "yes", "title": "Sì"}}]},
}
CONTACTS = [{"name": {"formatted_name": "Anna Rossi", "first_name": "Anna"}, "phones": [{"phone": "+39 333"}]}]
PICTURE = "https://x.example/a"
BODY = [{"type": "body", "parameters": [{"type": "text", "text": "Anna"}, {"type": "text", "text": "A-17"}]}]
RAW = {"messaging_product": "whatsapp", "to": PERSON, "type": "text", "text": {"body": "Ciao"}}


@pytest.fixture
def client(meta: Meta) -> WhatsApp:
    assert meta.port
    return WhatsApp(TOKEN, PHONE)


SENDS: dict[str, Callable[[WhatsApp], Any]] = {
    "text": lambda client: client.send_message("Ciao", PERSON),
    "reply": lambda client: client.reply_to_message("wamid.x", PERSON, "Ciao"),
    "reaction": lambda client: client.send_reaction("👍", "wamid.x", PERSON),
    "template": lambda client: client.send_template("greeting", PERSON, BODY),
    "location": lambda client: client.send_location(45.4642, 9.19, "Duomo", "Milano", PERSON),
    "image": lambda client: client.send_image(PICTURE, PERSON, caption="foto"),
    "sticker": lambda client: client.send_sticker(PICTURE, PERSON),
    "audio": lambda client: client.send_audio(PICTURE, PERSON),
    "video": lambda client: client.send_video(PICTURE, PERSON, caption="film"),
    "document": lambda client: client.send_document(PICTURE, PERSON, caption="doc"),
    "contacts": lambda client: client.send_contacts(CONTACTS, PERSON),
    "list": lambda client: client.send_button(LIST, PERSON),
    "buttons": lambda client: client.send_reply_button(BUTTONS, PERSON),
    "any JSON": lambda client: client.send_custom_json(RAW, PERSON),
}


@pytest.mark.parametrize("kind", SENDS)
def test_it_sends(client: WhatsApp, meta: Meta, kind: str) -> None:
    answer = SENDS[kind](client)
    entry = meta.requests()[-1]
    assert (entry["outcome"], entry["version"]) == ("accepted", "v14.0")
    assert answer["messages"][0]["id"] == entry["wamid"]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # heyoo leaves the file open
def test_media_there_and_back(client: WhatsApp, picture: Path, tmp_path: Path) -> None:
    media_id = client.upload_media(str(picture))["id"]
    url = client.query_media_url(media_id)
    back = client.download_media(url, "image/png", str(tmp_path / "back"))
    assert Path(back).read_bytes() == picture.read_bytes()
    assert client.delete_media(media_id) == {"success": True}


@pytest.fixture
def hook(meta: Meta) -> Iterator[list[dict[str, Any]]]:
    """What came to a deployment's webhook, which heyoo takes apart and leaves to its caller to serve."""
    came: list[dict[str, Any]] = []
    app = FastAPI()

    @app.post("/hook")
    async def take(request: Request) -> None:
        came.append(json.loads(await request.body()))

    with serving(app) as url:
        meta.ask("PUT", f"/accounts/{WABA}", {"webhook_url": f"{url}/hook"})
        yield came


def test_it_reads_a_message_and_marks_it_read(client: WhatsApp, meta: Meta, hook: list[dict[str, Any]]) -> None:
    message = {"from": PERSON, "profile_name": "Anna", "text": {"body": "Perché sì 👍"}}
    meta.ask("POST", "/inbound", {"phone_number_id": PHONE, "messages": [message]})
    (came,) = hook
    assert client.is_message(came)
    assert client.get_message_type(came) == "text"
    assert (client.get_mobile(came), client.get_name(came), client.get_message(came)) == (
        PERSON,
        "Anna",
        "Perché sì 👍",
    )
    assert client.mark_as_read(client.get_message_id(came)) == {"success": True}


@pytest.mark.parametrize("kind", ["image", "video", "audio", "document", "location"])
def test_it_reads_media_and_places(client: WhatsApp, meta: Meta, hook: list[dict[str, Any]], kind: str) -> None:
    meta.ask("POST", "/inbound", {"phone_number_id": PHONE, "messages": [{"from": PERSON, "type": kind}]})
    assert getattr(client, f"get_{kind}")(hook[0])


def test_it_reads_taps(client: WhatsApp, meta: Meta, hook: list[dict[str, Any]]) -> None:
    meta.ask("POST", "/inbound", {"phone_number_id": PHONE, "messages": [{"from": PERSON, "type": "interactive"}]})
    assert client.get_interactive_response(hook[0])["button_reply"]["id"] == "yes"


def test_it_reads_statuses(client: WhatsApp, meta: Meta, hook: list[dict[str, Any]]) -> None:
    client.send_message("Ciao", PERSON)
    meta.deliveries()
    assert [client.get_delivery(came) for came in hook] == ["sent", "delivered", "read"]
