"""HOOK-05, HOOK-06, HOOK-09: envelope, headers, signature and attempts of a delivery."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from itertools import count
from uuid import UUID, uuid4

import httpx

from reference.wacrm.assembly import Wacrm
from reference.wacrm.faults.hook.patches import after_a_change, assign, loopback
from reference.wacrm.faults.registry import Fault, fault
from reference.wacrm.patching.patches import patch
from reference.wacrm.patching.steps import replace_step, wrap
from reference.wacrm.protocol.bodies import Event
from reference.wacrm.protocol.envelope import Json
from reference.wacrm.storage.database import Row
from reference.wacrm.webhooks.dispatcher import Delivery, DeliveryClient


@patch
def _envelope(wacrm: Wacrm, change: Callable[[Json], None]) -> None:
    envelope = wacrm.dispatcher.envelope

    def changed(account: str, event: Event, data: Json) -> Json:
        made = envelope(account, event, data)
        change(made)
        return made

    wrap(wacrm.dispatcher, "envelope", changed)


@patch
def _header(wacrm: Wacrm, change: Callable[[dict[str, str]], dict[str, str]]) -> None:
    headers = wacrm.dispatcher.headers

    def changed(endpoint: Row, delivery: Delivery) -> dict[str, str]:
        return change(headers(endpoint, delivery))

    wrap(wacrm.dispatcher, "headers", changed)


class _FollowingClient(DeliveryClient):
    """Goes where a redirect points, on this machine."""

    async def post(self, url: httpx.URL, address: str, body: bytes, headers: dict[str, str]) -> int:
        client = await self._client_for(url.host)
        request = client.build_request("POST", url.copy_with(host=address), content=body, headers=headers)
        response = await client.send(request)
        if not response.is_redirect:
            return response.status_code
        onward = url.join(response.headers["location"])
        if loopback(onward.host) is None:
            return response.status_code
        return (
            await client.post(onward.copy_with(host=loopback(onward.host)), content=body, headers=headers)
        ).status_code


ROWS = (
    Fault("HOOK-05", "webhook-id-header-is-random", _header(lambda headers: headers | {"X-Wacrm-Webhook-Id": str(uuid4())}),
          "X-Wacrm-Webhook-Id is a random id instead of the endpoint's"),
    Fault("HOOK-06", "patch-replaces-the-secret", assign("secret"),
          "the body of a change is spread into the UPDATE, the secret among it"),
    Fault("HOOK-06", "changed-url-rotates-the-secret",
          after_a_change("UPDATE webhook_endpoints SET secret = 'whsec_' || hex(randomblob(24)) WHERE id = :id", "url"),
          "a new URL gets a new secret, which no answer shows"),
    Fault("HOOK-06", "changed-url-loses-the-secret",
          after_a_change("UPDATE webhook_endpoints SET secret = '' WHERE id = :id", "url"),
          "a new URL is an upsert that leaves the secret empty"),
)  # fmt: skip


@fault("HOOK-05", "each endpoint's deliveries are numbered, and the number is the id")
def delivery_ids_count_per_endpoint(wacrm: Wacrm) -> None:
    enqueue = wacrm.dispatcher.enqueue
    numbers: dict[str, count[int]] = {}

    def numbered(delivery: Delivery) -> None:
        number = next(numbers.setdefault(delivery.endpoint, count(1)))
        identity = str(UUID(int=number, version=4)).encode()
        head, _, rest = delivery.body.partition(b'"id":"')
        body = head + b'"id":"' + identity + rest[len(identity) :]
        enqueue(Delivery(delivery.account, delivery.endpoint, delivery.event, body))

    wrap(wacrm.dispatcher, "enqueue", numbered)


@fault("HOOK-05", "an event is written down once, with one id for all endpoints")
def an_event_has_one_id_for_all_endpoints(wacrm: Wacrm) -> None:
    def publish(account: str, event: Event, data: Json) -> None:
        body = json.dumps(wacrm.dispatcher.envelope(account, event, data), separators=(",", ":")).encode()
        for endpoint in wacrm.endpoints.subscribed(account, event):
            wacrm.dispatcher.enqueue(Delivery(account, endpoint["id"], event, body))

    replace_step(wacrm.dispatcher, "publish", publish)


@fault("HOOK-05", "the id is the conversation's, so that a receiver can group by it", _envelope)
def delivery_id_is_the_conversations(made: Json) -> None:
    made["id"] = made["data"]["conversation_id"]


@fault("HOOK-05", "the account is left out: the receiver knows whose endpoint it is", _envelope)
def delivery_has_no_account(made: Json) -> None:
    del made["account_id"]


@fault("HOOK-06", "the account's newest secret signs for all of its endpoints")
def newest_secret_signs_everything(wacrm: Wacrm) -> None:
    headers = wacrm.dispatcher.headers
    newest = "SELECT secret FROM webhook_endpoints WHERE account_id = :account ORDER BY id DESC LIMIT 1"

    def signed(endpoint: Row, delivery: Delivery) -> dict[str, str]:
        row = wacrm.db.row(newest, {"account": delivery.account})
        signature = wacrm.dispatcher.signature(row["secret"] if row else "", int(wacrm.clock.seconds()), delivery.body)
        return headers(endpoint, delivery) | {"X-Wacrm-Signature": signature}

    wrap(wacrm.dispatcher, "headers", signed)


@fault("HOOK-06", "the signature is over the body in another spelling than the one that is sent")
def signature_is_over_reserialised_json(wacrm: Wacrm) -> None:
    signature = wacrm.dispatcher.signature

    def over_escaped(secret: str, timestamp: int, body: bytes) -> str:
        return signature(secret, timestamp, json.dumps(json.loads(body)).encode())

    wrap(wacrm.dispatcher, "signature", over_escaped)


@fault("HOOK-06", "t is in milliseconds")
def signature_time_is_in_milliseconds(wacrm: Wacrm) -> None:
    signature = wacrm.dispatcher.signature

    def in_milliseconds(secret: str, timestamp: int, body: bytes) -> str:
        return signature(secret, timestamp * 1000, body)

    wrap(wacrm.dispatcher, "signature", in_milliseconds)


@fault("HOOK-06", "the digest is written in base64")
def signature_is_base64(wacrm: Wacrm) -> None:
    def in_base64(secret: str, timestamp: int, body: bytes) -> str:
        digest = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).digest()
        return f"t={timestamp},v1={base64.b64encode(digest).decode()}"

    replace_step(wacrm.dispatcher, "signature", in_base64)


@fault("HOOK-09", "the HTTP client follows redirects by default")
def redirects_are_followed(wacrm: Wacrm) -> None:
    dispatcher = wacrm.dispatcher

    def following() -> DeliveryClient:
        return _FollowingClient(dispatcher.tls_context(), dispatcher.timeout)

    replace_step(dispatcher, "new_client", following)


@fault("HOOK-09", "a failed delivery is tried once more")
def failed_delivery_is_tried_again(wacrm: Wacrm) -> None:
    attempt = wacrm.dispatcher.attempt

    async def twice(endpoint: Row, delivery: Delivery) -> bool:
        return await attempt(endpoint, delivery) or await attempt(endpoint, delivery)

    wrap(wacrm.dispatcher, "attempt", twice)
