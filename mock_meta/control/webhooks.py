"""``/_control/inbound``, ``statuses``, ``webhooks``, ``deliveries``: what Meta says to the deployment, on command."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import ConfigDict, Field, StringConstraints, model_validator

from mock_meta.business.accounts import Account
from mock_meta.business.media import SAMPLES
from mock_meta.control.accounts import account_of, phone_of
from mock_meta.control.bodies import Body, body_as, mock_of
from mock_meta.control.errors import ControlError, not_found, suggestion
from mock_meta.events.inbound import TYPES, deliver_on_command
from mock_meta.ledger.entries import digits_in
from mock_meta.mock import Mock
from mock_meta.protocol.numbers import whatsapp_id, whole
from mock_meta.protocol.strict_json import AsciiJson
from mock_meta.webhooks.delivery import Delivery
from mock_meta.webhooks.payloads import Payload, envelope, messages_value
from mock_meta.webhooks.signed_webhooks import Signing

WAIT = 30.0
MEMBERS = frozenset(
    {
        *TYPES,
        *("from", "from_user_id", "from_parent_user_id", "group_id", "id", "timestamp", "type"),
        *("context", "referral", "identity", "errors", "edit", "revoke", "history_context"),
        *("profile_name", "user_id"),  # the contact's, which the mock puts where Meta does
    }
)
"""What a message may have (fact sheet 16.2)."""


class InboundMessage(Body):
    """Meta's own message member, as far as the caller cares; the mock completes the rest."""

    model_config = ConfigDict(extra="allow", frozen=True)
    sender: Annotated[str, StringConstraints(pattern=r"^\+?\d{5,15}$")] = Field(alias="from")
    type: str = "text"

    @model_validator(mode="before")
    @classmethod
    def _known(cls, given: Any) -> Any:  # noqa: ANN401  # JSON
        """First of all: a misspelt member is why another one seems to be missing."""
        for name in given if isinstance(given, dict) else ():
            if name not in MEMBERS:
                raise ValueError(f"unknown member {name!r}{suggestion(name, MEMBERS)}")
        return given

    @model_validator(mode="after")
    def _sane(self) -> "InboundMessage":
        if self.type not in TYPES:
            raise ValueError(f"no message type {self.type!r}; known: {', '.join(TYPES)}")
        extra = self.model_extra or {}
        for name in extra:
            if name in TYPES and name != self.type:
                raise ValueError(f"{name!r} is for messages of that type, and this one's is {self.type!r}")
        for name in (self.type, "context"):
            wanted = list if name == "contacts" else dict
            if not isinstance(extra.get(name), wanted | None):
                raise ValueError(f"{name!r} must be {'an array' if wanted is list else 'an object'}")  # noqa: TRY004
        _check_texts(extra, "id", "profile_name", "timestamp", "user_id")
        if self.type in SAMPLES:
            _check_texts(extra.get(self.type) or {}, "id", "mime_type")
        return self

    def asked(self) -> dict[str, Any]:
        return {**self.model_dump(by_alias=True), "from": self.sender.lstrip("+")}


def _check_texts(members: Mapping[str, Any], *names: str) -> None:
    """Raises ValueError, as pydantic wants it."""
    for name in names:
        if not isinstance(members.get(name), str | None):
            raise ValueError(f"{name!r} must be a string")  # noqa: TRY004  # pydantic turns no TypeError into an answer


class InboundBody(Body):
    phone_number_id: str
    messages: Annotated[list[InboundMessage], Field(min_length=1)]
    batch: bool = False
    wait: bool = True


class StatusesBody(Body):
    phone_number_id: str
    statuses: Annotated[list[dict[str, Any]], Field(min_length=1)]
    wait: bool = True


class WebhookBody(Body):
    waba_id: str
    payload: Any = None
    body: str | None = None
    signature: Signing = Signing.VALID
    escape: bool = True
    wait: bool = True

    @model_validator(mode="after")
    def _one_content(self) -> "WebhookBody":
        if ("payload" in self.model_fields_set) == (self.body is not None):
            raise ValueError("give either 'payload' (JSON) or 'body' (text)")
        if self.body is not None and self.signature is Signing.UNESCAPED:
            raise ValueError("signature 'unescaped' needs a 'payload' that can be escaped")
        return self


class WaitBody(Body):
    wait: bool = True


router = APIRouter()


@router.post("/inbound")
async def inbound(request: Request) -> AsciiJson:
    mock = mock_of(request)
    body = await body_as(request, InboundBody)
    account, phone = phone_of(mock.accounts, body.phone_number_id)
    asked = [message.asked() for message in body.messages]
    messages, sent = deliver_on_command(mock, account, phone, asked, batch=body.batch)
    found = await _deliveries(mock, sent, wait=body.wait)
    return AsciiJson({"wamids": [message["id"] for message in messages], "deliveries": found})


@router.post("/statuses")
async def statuses(request: Request) -> AsciiJson:
    mock = mock_of(request)
    body = await body_as(request, StatusesBody)
    account, phone = phone_of(mock.accounts, body.phone_number_id)
    items = [_status(mock, item) for item in body.statuses]
    payload = envelope(account.waba_id, "messages", messages_value(phone, statuses=items))
    delivery = mock.webhooks.send(account, _callback(account), payload)
    return AsciiJson({"deliveries": await _deliveries(mock, [delivery], wait=body.wait)})


def _status(mock: Mock, given: Payload) -> Payload:
    """As given; recipient and time are filled in where the caller left them out and they are known."""
    item = dict(given)
    item.setdefault("timestamp", str(int(mock.clock())))
    sent = mock.ledger.message(str(given.get("id"))) if "recipient_id" not in item else None
    if sent is not None and sent.to is not None:
        item["recipient_id"] = whatsapp_id(digits_in(sent.to))
    return item


@router.post("/webhooks")
async def webhook(request: Request) -> AsciiJson:
    mock = mock_of(request)
    body = await body_as(request, WebhookBody)
    account = account_of(mock.accounts, body.waba_id)
    url = _callback(account)
    if body.body is not None:
        delivery = mock.webhooks.send_text(account, url, body.body, body.signature)
    else:
        delivery = mock.webhooks.send(account, url, body.payload, signing=body.signature, escape=body.escape)
    return AsciiJson({"deliveries": await _deliveries(mock, [delivery], wait=body.wait)})


@router.post("/webhooks/{delivery_id}/replay")
async def replay(request: Request, delivery_id: str) -> AsciiJson:
    mock = mock_of(request)
    body = await body_as(request, WaitBody)
    old = _find(mock, delivery_id)
    new = mock.webhooks.replay(account_of(mock.accounts, old.waba_id), old)
    return AsciiJson({"deliveries": await _deliveries(mock, [new], wait=body.wait)})


@router.get("/deliveries/{delivery_id}")
async def delivery(request: Request, delivery_id: str) -> AsciiJson:
    return AsciiJson(_find(mock_of(request), delivery_id).shown())


def _find(mock: Mock, delivery_id: str) -> Delivery:
    number = whole(delivery_id.removeprefix("delivery-"))
    found = mock.dispatcher.find(number) if number is not None else None
    if found is None:
        raise not_found("delivery", delivery_id)
    return found


def _callback(account: Account) -> str:
    """On command a webhook goes out even where Meta would stay silent for lack of a subscription."""
    if account.app.callback is None:
        raise ControlError(f"account {account.waba_id} has no webhook_url")
    return account.app.callback


async def _deliveries(mock: Mock, sent: list[Delivery], *, wait: bool) -> list[dict[str, Any]]:
    if wait:
        for one in sent:
            await mock.dispatcher.first_attempt(one, WAIT)
    return [one.shown() for one in sent]
