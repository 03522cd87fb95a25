"""Outbound webhooks: one signed attempt per event and endpoint, after the fact, delaying nobody."""

import asyncio
import hashlib
import hmac
import json
import logging
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from uuid import uuid4

import httpx

from reference.wacrm.protocol.bodies import Event
from reference.wacrm.protocol.envelope import Json
from reference.wacrm.storage.clock import Clock
from reference.wacrm.storage.database import Row
from reference.wacrm.storage.ordered_work import OrderedWork
from reference.wacrm.webhooks.allowed_targets import RefusedTargetError, Targets
from reference.wacrm.webhooks.endpoints import Endpoints

_log = logging.getLogger("reference.wacrm")
_MOST_BYTES_READ = 64 * 1024


@dataclass(frozen=True)
class Delivery:
    """One event on its way to one endpoint; `body` is the JSON text that is signed and sent."""

    account: str
    endpoint: str
    event: Event
    body: bytes


class DeliveryClient:
    """Makes the attempts of one endpoint; its connections are of one host, for they are checked for that name."""

    def __init__(self, tls: ssl.SSLContext, timeout: float) -> None:
        self._tls = tls
        self._timeout = timeout
        self._host = ""
        self._client: httpx.AsyncClient | None = None

    async def post(self, url: httpx.URL, address: str, body: bytes, headers: dict[str, str]) -> int:
        """The status of the answer to a POST that goes to `address` and to nowhere else."""
        client = await self._client_for(url.host)
        request = client.build_request(
            "POST",
            url.copy_with(host=address),
            content=body,
            headers=headers | {"Host": url.netloc.decode("ascii")},
            extensions={"sni_hostname": url.host.rstrip(".")},
        )
        response = await client.send(request, stream=True)
        try:
            await _drain(response)
        finally:
            await response.aclose()
        return response.status_code

    async def close(self) -> None:
        if self._client is not None:
            client, self._client = self._client, None
            await client.aclose()

    async def _client_for(self, host: str) -> httpx.AsyncClient:
        if self._client is None or self._host != host:
            await self.close()
            self._client = httpx.AsyncClient(
                verify=self._tls, timeout=self._timeout, trust_env=False, follow_redirects=False
            )
            self._host = host
        return self._client


class Dispatcher:
    """Events of one endpoint go out one after the other, those of different endpoints beside each other."""

    def __init__(
        self,
        endpoints: Endpoints,
        targets: Targets,
        clock: Clock,
        tls_context: Callable[[], ssl.SSLContext],
        timeout: float,
    ) -> None:
        self.timeout = timeout
        self._endpoints = endpoints
        self._targets = targets
        self._clock = clock
        self.tls_context = tls_context
        self._work: dict[str, OrderedWork[Delivery]] = {}
        self._clients: dict[str, DeliveryClient] = {}

    def publish(self, account: str, event: Event, data: Json) -> None:
        """Queue an event for the endpoints that want it now."""
        for endpoint in self._endpoints.subscribed(account, event):
            envelope = self.envelope(account, event, data)
            body = json.dumps(envelope, ensure_ascii=False, separators=(",", ":")).encode()
            self.enqueue(Delivery(account, endpoint["id"], event, body))

    def envelope(self, account: str, event: Event, data: Json) -> Json:
        occurred_at = self._clock.now()
        return {
            "id": str(uuid4()),
            "event": event.value,
            "occurred_at": occurred_at,
            "account_id": account,
            "data": data,
        }

    def enqueue(self, delivery: Delivery) -> None:
        work = self._work.get(delivery.endpoint)
        if work is None:
            client = self._clients[delivery.endpoint] = self.new_client()
            work = self._work[delivery.endpoint] = OrderedWork(self.deliver, client.close)
        work.put(delivery)

    def new_client(self) -> DeliveryClient:
        return DeliveryClient(self.tls_context(), self.timeout)

    async def deliver(self, delivery: Delivery) -> None:
        """One attempt; an endpoint that was switched off or deleted meanwhile gets none."""
        endpoint = self._endpoints.find(delivery.account, delivery.endpoint)
        if endpoint is None or not endpoint["is_active"]:
            return
        if await self.attempt(endpoint, delivery):
            self._endpoints.note_success(delivery.account, delivery.endpoint)
        else:
            self._endpoints.note_failure(delivery.account, delivery.endpoint)

    async def attempt(self, endpoint: Row, delivery: Delivery) -> bool:
        """Whether the receiver took it. Any 2xx is success; a redirect is not."""
        url = httpx.URL(endpoint["url"])
        headers = self.headers(endpoint, delivery)
        try:
            async with asyncio.timeout(self.timeout):
                address = await self._targets.resolve(url)
                status = await self._clients[delivery.endpoint].post(url, address, delivery.body, headers)
        except (RefusedTargetError, OSError, httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
            # TimeoutError is an OSError
            _log.info("webhook %s: not delivered: %s", delivery.endpoint, type(error).__name__)
            return False
        return self.succeeded(status)

    def succeeded(self, status: int) -> bool:
        return httpx.codes.is_success(status)

    def headers(self, endpoint: Row, delivery: Delivery) -> dict[str, str]:
        return {
            "Content-Type": "application/json",
            "User-Agent": "Wacrm-Webhooks/1",
            "X-Wacrm-Event": delivery.event.value,
            "X-Wacrm-Webhook-Id": endpoint["id"],
            "X-Wacrm-Signature": self.signature(endpoint["secret"], int(self._clock.seconds()), delivery.body),
        }

    def signature(self, secret: str, timestamp: int, body: bytes) -> str:
        signed = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
        return f"t={timestamp},v1={signed}"

    async def close(self) -> None:
        for work in self._work.values():
            await work.close()
        for client in self._clients.values():
            await client.close()


async def _drain(response: httpx.Response) -> None:
    """Read the answer, so that the connection can be used again, but not an endless one."""
    received = 0
    async for chunk in response.aiter_raw():
        received += len(chunk)
        if received > _MOST_BYTES_READ:
            return
