"""Meta's verification of a callback: a GET that must echo a challenge (fact sheet 15.1)."""

from typing import Any
from urllib.parse import urlencode

from mock_meta.accounts import Account
from mock_meta.delivery import SHOWN_BODY
from mock_meta.mock import Mock
from mock_meta.posting import PostError

_OK = 200


async def shake_hands(mock: Mock, account: Account, url: str) -> dict[str, Any]:
    """``{"ok", "status", "body"}``: ok means 200 and exactly the challenge; status None when nothing answered."""
    challenge = mock.ids.numeric(10)
    query = {"hub.mode": "subscribe", "hub.challenge": challenge, "hub.verify_token": account.verify_token}
    target = f"{url}{'&' if '?' in url else '?'}{urlencode(query)}"
    try:
        reply = await mock.poster.get(target, {"User-Agent": "facebookplatform/1.0 (+http://developers.facebook.com)"})
    except PostError as problem:
        return {"ok": False, "status": None, "body": "", "error": str(problem)}
    passed = reply.status == _OK and reply.body == challenge
    return {"ok": passed, "status": reply.status, "body": reply.body[:SHOWN_BODY]}
