"""The client of Meta's Graph API: `POST /{phone_number_id}/messages` (Meta fact sheet, sections 1.1 and 5)."""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass

import httpx

from reference.wacrm.protocol.envelope import Json
from reference.wacrm.settings import WhatsApp

_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


class SendError(Exception):
    """Meta did not take the message; the text is for the client of the API."""


class AnswerLostError(SendError):
    """The request went out and no usable answer came back: Meta may have taken the message."""


@dataclass(frozen=True)
class Medium:
    """A file. `type` is its media type, with parameters where Meta gives some."""

    type: str
    content: bytes


class Graph:
    """Sends one request per message and never repeats one: a POST that may have been accepted stays single."""

    def __init__(self, url: str, timeout: float) -> None:
        self.url = url.rstrip("/")
        self.set_timeout(timeout)
        # a connection for each exchange: under load, requests were seen waiting in httpcore's pool until their deadline
        # while connections idled, and a server may drop an idle one; both look like a lost answer
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
        # httpx counts per read; what is promised is the whole exchange, and `post` counts that
        self._client = httpx.AsyncClient(timeout=None, limits=limits, trust_env=False, verify=_tls_context(url))  # noqa: S113 - see above

    def set_timeout(self, seconds: float) -> None:
        """Seconds that Meta may take for one exchange, from connecting to the last byte."""
        self.timeout = seconds

    async def send(self, whatsapp: WhatsApp, body: Json) -> str:
        """The wamid that Meta issued for `body`.

        Raises:
            SendError: Meta refused, or could not be reached.
            AnswerLostError: Meta may have accepted.

        """
        return self.wamid(await self.post(self.endpoint(whatsapp), body, self.headers(whatsapp)))

    async def download(self, whatsapp: WhatsApp, media_id: str) -> Medium:
        """The file with this id. Raises SendError when Meta does not give it."""
        headers = self.headers(whatsapp)
        match _json(await self.get(f"{self.url}/{media_id}", headers)):
            case {"url": str(url), "mime_type": str(mime)}:
                return Medium(mime, (await self.get(url, headers)).content)
        raise SendError("Meta API error: the answer names no file")

    def endpoint(self, whatsapp: WhatsApp) -> str:
        return f"{self.url}/{whatsapp.phone_number_id}/messages"

    def headers(self, whatsapp: WhatsApp) -> dict[str, str]:
        return {"Authorization": f"Bearer {whatsapp.access_token}"}

    async def get(self, url: str, headers: Mapping[str, str]) -> httpx.Response:
        """A successful answer. Raises SendError."""
        response = await self.exchange("GET", url, headers)
        if not response.is_success:
            raise SendError(f"Meta API error: {self.reason(response)}")
        return response

    async def post(self, url: str, body: Json, headers: Mapping[str, str]) -> httpx.Response:
        return await self.exchange("POST", url, headers, body)

    async def exchange(
        self, method: str, url: str, headers: Mapping[str, str], body: Json | None = None
    ) -> httpx.Response:
        try:
            async with asyncio.timeout(self.timeout):
                return await self._client.request(method, url, json=body, headers=headers)
        except _NEVER_SENT:
            raise SendError("Meta API error: Meta could not be reached") from None
        except TimeoutError:
            raise AnswerLostError("Meta API error: no answer in time") from None
        except httpx.HTTPError:
            raise AnswerLostError("Meta API error: the connection was lost") from None

    def wamid(self, response: httpx.Response) -> str:
        if not response.is_success:
            raise SendError(f"Meta API error: {self.reason(response)}")
        match _json(response):
            case {"messages": [{"id": str(wamid)}, *_]} if wamid:
                return wamid
        raise AnswerLostError("Meta API error: the answer names no message")

    def reason(self, response: httpx.Response) -> str:
        """Meta's own words, or the HTTP status when there are none."""
        match _json(response):
            case {"error": {"message": str(message)}}:
                return message
        return str(response.status_code)

    async def close(self) -> None:
        await self._client.aclose()


def _tls_context(url: str) -> ssl.SSLContext:
    """The public authorities, whose loading takes longer than all the rest of a start, only where there is TLS."""
    if url.lower().startswith("https:"):
        return ssl.create_default_context()
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _json(response: httpx.Response) -> object:
    try:
        return response.json()
    except (ValueError, RecursionError):
        return None
