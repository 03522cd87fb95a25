"""Meta's verification of a callback: a GET that must echo a challenge (fact sheet 15.1)."""

from typing import Any
from urllib.parse import urlencode

from mock_meta.mock import Mock
from mock_meta.protocol.errors import ErrorBody, GraphError
from mock_meta.webhooks.delivery import SHOWN_BODY
from mock_meta.webhooks.transport import TransportError

_OK = 200
_NOT_VERIFIED = 2200


async def verify_callback(mock: Mock, url: str, verify_token: str) -> dict[str, Any]:
    """``{"ok", "status", "body"}``: ok means 200 and exactly the challenge; status None when nothing answered."""
    challenge = mock.ids.numeric(10)
    query = {"hub.mode": "subscribe", "hub.challenge": challenge, "hub.verify_token": verify_token}
    target = f"{url}{'&' if '?' in url else '?'}{urlencode(query)}"
    try:
        reply = await mock.transport.get(
            target, {"User-Agent": "facebookplatform/1.0 (+http://developers.facebook.com)"}
        )
    except TransportError as problem:
        return {"ok": False, "status": None, "body": "", "error": str(problem)}
    passed = reply.status == _OK and reply.body == challenge
    return {"ok": passed, "status": reply.status, "body": reply.body[:SHOWN_BODY]}


async def require_verified(mock: Mock, url: str, verify_token: str) -> None:
    """Raises GraphError 2200, with what went wrong, for a callback that does not pass."""
    told = await verify_callback(mock, url, verify_token)
    if told["ok"]:
        return
    if told["status"] is None:
        reason = f"curl_errno = 7; curl_error = {told['error']}"
    elif told["status"] != _OK:
        reason = f"HTTP Status Code = {told['status']}"
    else:
        reason = "Response does not match challenge"
    text = f"(#{_NOT_VERIFIED}) Callback verification failed with the following errors: {reason}"
    raise GraphError(ErrorBody(_NOT_VERIFIED, text, 400))
