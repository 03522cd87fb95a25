"""``/_control/inbound``, ``coexistence``, ``statuses``, ``webhooks``, ``deliveries``: what Meta says, on command."""

from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import Field, model_validator

from mock_meta.business.accounts import Account
from mock_meta.control.accounts import account_of, phone_of
from mock_meta.control.bodies import Body, body_as, mock_of
from mock_meta.control.errors import ControlError, not_found
from mock_meta.control.inbound_bodies import CoexistenceBody, InboundBody
from mock_meta.events.coexistence import echo, sync_contacts, tell_history
from mock_meta.events.inbound import deliver_on_command
from mock_meta.events.raw_webhooks import remember
from mock_meta.events.statuses_on_command import completed
from mock_meta.mock import Mock
from mock_meta.protocol.numbers import whole
from mock_meta.protocol.strict_json import AsciiJson
from mock_meta.webhooks.delivery import Delivery
from mock_meta.webhooks.payloads import envelope, statuses_value
from mock_meta.webhooks.signed_webhooks import Signing

WAIT = 30.0


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
    origin = str(request.base_url).rstrip("/")
    messages, sent = deliver_on_command(mock, account, phone, asked, batch=body.batch, origin=origin)
    found = await _deliveries(mock, sent, wait=body.wait)
    return AsciiJson({"wamids": [message["id"] for message in messages], "deliveries": found})


@router.post("/coexistence")
async def coexistence(request: Request) -> AsciiJson:
    mock = mock_of(request)
    body = await body_as(request, CoexistenceBody)
    account, phone = phone_of(mock.accounts, body.phone_number_id)
    sent = echo(mock, account, phone, [one.asked() for one in body.echoes]) if body.echoes else []
    sent += tell_history(mock, account, phone, body.history.asked()) if body.history else []
    sent += sync_contacts(mock, account, phone, [one.model_dump() for one in body.contacts]) if body.contacts else []
    return AsciiJson({"deliveries": await _deliveries(mock, sent, wait=body.wait)})


@router.post("/statuses")
async def statuses(request: Request) -> AsciiJson:
    mock = mock_of(request)
    body = await body_as(request, StatusesBody)
    account, phone = phone_of(mock.accounts, body.phone_number_id)
    items = [item for given in body.statuses for item in completed(mock, account, phone, given)]
    payload = envelope(account.waba_id, "messages", statuses_value(account, phone, items))
    delivery = mock.webhooks.send(account, _callback(account), payload)
    return AsciiJson({"deliveries": await _deliveries(mock, [delivery], wait=body.wait)})


@router.post("/webhooks")
async def webhook(request: Request) -> AsciiJson:
    mock = mock_of(request)
    body = await body_as(request, WebhookBody)
    account = account_of(mock.accounts, body.waba_id)
    url = _callback(account)
    if body.body is not None:
        delivery = mock.webhooks.send_text(account, url, body.body, body.signature)
    else:
        remember(mock, account, body.payload)
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
