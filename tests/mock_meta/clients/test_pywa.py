"""pywa: what it can send, media, templates, and its own webhook server, which checks Meta's signatures."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pywa import WhatsApp, handlers, types
from pywa.errors import WhatsAppError
from pywa.types import templates
from pywa.types.callback import (
    Button,
    CallPermissionRequestButton,
    ContactInfoRequestButton,
    FlowButton,
    ImageCarouselCard,
    Section,
    SectionList,
    SectionRow,
    URLButton,
    VoiceCallButton,
)
from pywa.types.others import ProductsSection

from tests.mock_meta.clients.conftest import Meta, serving
from tests.mock_meta.conftest import until
from tests.mock_meta.inside import GROUP, PERSON, PHONE, SECRET, TOKEN, WABA

USER = "US.13491208655302741918"
REPLIES = [Button("Sì", "yes"), Button("No", "no")]
LIST = SectionList("Menu", [Section("A", [SectionRow("Uno", "r1", "d")])])
CONTACT = types.Contact(
    name=types.Contact.Name(formatted_name="Anna Rossi", first_name="Anna"),
    phones=[types.Contact.Phone(phone="+39 333 000 0000", type="CELL")],
    emails=[types.Contact.Email(email="anna@example.com", type="WORK")],
    urls=[types.Contact.Url(url="https://example.com", type="WORK")],
    addresses=[types.Contact.Address(street="Via A 1", city="Milano", type="HOME")],
    org=types.Contact.Org(company="Example"),
    birthday="1990-01-01",
)
CARDS = [ImageCarouselCard(image="https://x.example/a.png", body="c", buttons=[Button("A", "a")]) for _ in range(2)]


@pytest.fixture
def wa(meta: Meta) -> Iterator[WhatsApp]:
    with httpx.Client() as session:
        yield WhatsApp(PHONE, TOKEN, session=session, waba_id=WABA, app_id="670843887433847", app_secret=SECRET)


SENDS: dict[str, Callable[[WhatsApp, Path], Any]] = {
    "text": lambda wa, _: wa.send_message(PERSON, "Ciao", preview_url=True, tracker="camp-7"),
    "text to a user id": lambda wa, _: wa.send_message(USER, "Ciao"),
    "text to a group": lambda wa, _: wa.send_message(GROUP, "Ciao"),
    "text with an identity key": lambda wa, _: wa.send_message(PERSON, "Ciao", identity_key_hash="abc"),
    "reply": lambda wa, _: wa.send_message(PERSON, "Ciao", reply_to_message_id="wamid.x"),
    "buttons": lambda wa, _: wa.send_message(PERSON, "Scegli", header="H", footer="F", buttons=REPLIES),
    "link": lambda wa, _: wa.send_message(PERSON, "Vai", buttons=URLButton("Vai", "https://x.example/")),
    "list": lambda wa, _: wa.send_message(PERSON, "Scegli", buttons=LIST),
    "flow": lambda wa, _: wa.send_message(PERSON, "Apri", buttons=FlowButton("Apri", flow_id="1", flow_token="t")),
    "call button": lambda wa, _: wa.send_message(PERSON, "Chiama", buttons=VoiceCallButton("Chiama")),
    "call permission": lambda wa, _: wa.send_message(PERSON, "Posso?", buttons=CallPermissionRequestButton()),
    "contact request": lambda wa, _: wa.send_message(PERSON, "Chi?", buttons=ContactInfoRequestButton()),
    "location request": lambda wa, _: wa.request_location(PERSON, "Dove?"),
    "image": lambda wa, picture: wa.send_image(PERSON, picture, caption="foto"),
    "image by link": lambda wa, _: wa.send_image(PERSON, "https://x.example/a.png"),
    "image with buttons": lambda wa, picture: wa.send_image(PERSON, picture, caption="foto", buttons=REPLIES),
    "video": lambda wa, _: wa.send_video(PERSON, b"mp4", caption="film", mime_type="video/mp4"),
    "document": lambda wa, _: wa.send_document(PERSON, b"%PDF", filename="a.pdf", mime_type="application/pdf"),
    "audio": lambda wa, _: wa.send_audio(PERSON, b"mp3", mime_type="audio/mpeg"),
    "voice note": lambda wa, _: wa.send_voice(PERSON, b"ogg", mime_type="audio/ogg"),
    "sticker": lambda wa, _: wa.send_sticker(PERSON, b"webp", mime_type="image/webp"),
    "location": lambda wa, _: wa.send_location(PERSON, 45.4642, 9.19, name="Duomo", address="Milano"),
    "contact": lambda wa, _: wa.send_contact(PERSON, CONTACT),
    "reaction": lambda wa, _: wa.send_reaction(PERSON, "👍", "wamid.x"),
    "reaction taken back": lambda wa, _: wa.remove_reaction(PERSON, "wamid.x"),
    "catalogue": lambda wa, _: wa.send_catalog(PERSON, "Shop", "F", thumbnail_product_sku="sku"),
    "product": lambda wa, _: wa.send_product(PERSON, "1", "sku", "Prodotto", "F"),
    "products": lambda wa, _: wa.send_products(PERSON, "1", [ProductsSection("A", ["x", "y"])], "Shop", "Prodotti"),
    "carousel": lambda wa, _: wa.send_carousel(PERSON, body="Guarda", cards=[*CARDS]),
}


@pytest.mark.parametrize("kind", SENDS)
def test_it_sends(wa: WhatsApp, meta: Meta, picture: Path, kind: str) -> None:
    sent = SENDS[kind](wa, picture)
    entry = meta.requests()[-1]
    assert (entry["wamid"], entry["outcome"], entry["problems"]) == (sent.id, "accepted", [])


def test_it_understands_a_refusal(wa: WhatsApp) -> None:
    with pytest.raises(Exception, match="Recipient cannot be sender") as refused:
        wa.send_message("15550783881", "Ciao")
    assert type(refused.value).__name__ == "RecipientCannotBeSender"


def test_media_there_and_back(wa: WhatsApp, picture: Path, tmp_path: Path) -> None:
    media = wa.upload_media(picture)
    url = wa.get_media_url(media.id)
    assert url.url.startswith("https://lookaside.fbsbx.com/")
    assert (url.mime_type, int(url.file_size)) == ("image/png", picture.stat().st_size)
    assert wa.get_media_bytes(url.url) == picture.read_bytes()
    assert wa.download_media(url=url.url, path=tmp_path, filename="back.png").read_bytes() == picture.read_bytes()
    assert wa.delete_media(media.id)


def test_templates(wa: WhatsApp, picture: Path) -> None:
    made = wa.create_template(
        templates.Template(
            name="order_update",
            category=templates.TemplateCategory.UTILITY,
            language=templates.TemplateLanguage.ENGLISH_US,
            components=[
                templates.HeaderImage(example=picture),
                (body := templates.BodyText("Hi {{1}}, your order {{2}} has shipped.", "Anna", "A-17")),
                templates.FooterText(text="Reply STOP"),
                templates.Buttons(
                    buttons=[
                        templates.QuickReplyButton(text="Ok"),
                        templates.URLButton(text="Track", url="https://s.example"),
                    ]
                ),
            ],
        )
    )
    until(lambda: wa.get_template(made.id).status is templates.TemplateStatus.APPROVED)
    found = {one.name: one for one in wa.get_templates()}
    assert found["order_update"].id == made.id
    params = [templates.HeaderImage.params(image=picture), body.params("Anna", "A-17")]  # type: ignore[arg-type]  # a descriptor
    sent = wa.send_template(PERSON, "order_update", templates.TemplateLanguage.ENGLISH_US, params)
    assert sent.id.startswith("wamid.")
    assert wa.delete_template("order_update")


def test_the_account_and_its_number(wa: WhatsApp) -> None:
    assert wa.get_business_account().id == WABA
    assert wa.get_business_phone_number().verified_name == "Lucky Shrub"
    assert [number.id for number in wa.get_business_phone_numbers()] == [PHONE]
    assert wa.update_business_profile(about="Ciao", email="a@example.com", websites=["https://example.com/"])
    assert wa.get_business_profile().about == "Ciao"
    assert wa.register_phone_number(pin="123456")
    assert [(group.id, len(group.participants)) for group in wa.get_groups()] == [(GROUP, 2)]
    assert wa.get_group(GROUP).subject == "Friends"


def inbound(meta: Meta, kind: str, **members: Any) -> list[dict[str, Any]]:
    message = {"from": PERSON, "profile_name": "Anna", "type": kind, **members}
    asked = {"phone_number_id": PHONE, "messages": [message]}
    found: list[dict[str, Any]] = meta.ask("POST", "/inbound", asked)["deliveries"]
    return found


class Bot:
    """A deployment made of pywa's own server, and what reached its handlers."""

    def __init__(self, session: httpx.Client, app: FastAPI) -> None:
        self.heard: list[Any] = []
        self.wa = WhatsApp(
            PHONE, TOKEN, session=session, server=app, verify_token="verify", app_secret=SECRET, waba_id=WABA
        )
        kinds = (
            handlers.MessageHandler,
            handlers.MessageStatusHandler,
            handlers.CallbackButtonHandler,
            handlers.CallbackSelectionHandler,
            handlers.TemplateStatusUpdateHandler,
        )
        self.wa.add_handlers(*(kind(self._hear) for kind in kinds))

    def _hear(self, _: WhatsApp, update: Any) -> None:
        self.heard.append(update)


@pytest.fixture
def bot(meta: Meta) -> Iterator[Bot]:
    app = FastAPI()
    with httpx.Client() as session, serving(app) as url:
        found = Bot(session, app)
        meta.ask("PUT", f"/accounts/{WABA}", {"webhook_url": f"{url}/"})
        yield found


def test_the_handshake(bot: Bot, meta: Meta) -> None:
    assert bot.wa is not None
    assert meta.ask("POST", f"/accounts/{WABA}/handshake")["ok"]


@pytest.mark.parametrize(
    "kind",
    [
        "text",
        "image",
        "video",
        "audio",
        "document",
        "sticker",
        "location",
        "contacts",
        "order",
        "unsupported",
        "reaction",
    ],
)
def test_it_receives(bot: Bot, meta: Meta, kind: str) -> None:
    (delivery,) = inbound(meta, kind)
    assert delivery["attempts"][0]["status"] == 200
    until(lambda: bot.heard)
    (message,) = bot.heard
    assert (message.type, message.from_user.wa_id, message.from_user.name) == (kind, PERSON, "Anna")


def test_it_receives_taps(bot: Bot, meta: Meta) -> None:
    inbound(meta, "interactive")
    inbound(meta, "interactive", interactive={"type": "list_reply", "list_reply": {"id": "r1", "title": "Uno"}})
    inbound(meta, "button")
    until(lambda: len(bot.heard) == 3)
    kinds = sorted(type(one).__name__ for one in bot.heard)
    assert kinds == ["CallbackButton", "CallbackButton", "CallbackSelection"]


def test_it_fetches_what_a_person_sent(bot: Bot, meta: Meta) -> None:
    inbound(meta, "image")
    until(lambda: bot.heard)
    assert bot.heard[0].image.get_bytes().startswith(b"\xff\xd8")


def test_it_hears_what_became_of_a_message(bot: Bot) -> None:
    sent = bot.wa.send_message(PERSON, "Ciao", tracker="camp-7")
    until(lambda: {one.status.value for one in bot.heard} == {"sent", "delivered", "read"})
    assert {(one.id, one.tracker, one.from_user.wa_id) for one in bot.heard} == {(sent.id, "camp-7", PERSON)}


def test_it_refuses_forged_webhooks(bot: Bot, meta: Meta) -> None:
    payload = {"object": "whatsapp_business_account", "entry": []}
    for signature in ("wrong", "none", "sha1-only"):
        asked = {"waba_id": WABA, "payload": payload, "signature": signature}
        (delivery,) = meta.ask("POST", "/webhooks", asked)["deliveries"]
        assert 400 <= delivery["attempts"][0]["status"] < 500
    assert bot.heard == []


def test_it_hears_that_a_template_was_approved(bot: Bot) -> None:
    body = templates.BodyText("Thanks for your visit, {{1}}, see you soon.", "Anna")
    bot.wa.create_template(
        templates.Template(
            name="thanks",
            category=templates.TemplateCategory.MARKETING,
            language=templates.TemplateLanguage.ENGLISH_US,
            components=[body],
        )
    )
    until(lambda: [one.new_status for one in bot.heard] == [templates.TemplateStatus.APPROVED])


def test_blocked_people(bot: Bot, meta: Meta) -> None:
    inbound(meta, "text")
    assert [one.wa_id for one in bot.wa.block_users([PERSON]).added_users] == [PERSON]
    assert [one.wa_id for one in bot.wa.unblock_users([PERSON]).removed_users] == [PERSON]


def test_callbacks_of_the_account_the_number_and_the_app(bot: Bot, meta: Meta) -> None:
    (url,) = (account["webhook_url"] for account in meta.ask("GET", "/accounts")["accounts"])
    assert bot.wa.override_waba_callback_url(url, "verify")
    assert bot.wa.override_phone_callback_url(url, "verify")
    with pytest.raises(WhatsAppError, match="Callback verification failed"):
        bot.wa.override_phone_callback_url(url, "another token")
    assert bot.wa.delete_phone_callback_url()
    assert bot.wa.delete_waba_callback_url()
    token = f"670843887433847|{SECRET}"
    assert bot.wa.set_app_callback_url(670843887433847, token, url, "verify", ("messages",))
