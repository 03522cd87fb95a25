"""From a payload to a signed delivery: whose callback gets it, headers, signature and its variants (fact sheet 15)."""

import itertools
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from mock_meta.business.accounts import Account
from mock_meta.business.apps import App
from mock_meta.ledger.entries import parsed_body
from mock_meta.ledger.subjects import Subjects
from mock_meta.protocol.signature import meta_dump, raw_dump, sign_sha1, sign_sha256
from mock_meta.webhooks.delivery import Delivery, Dispatcher
from mock_meta.webhooks.payloads import Payload

_BASE_HEADERS: Mapping[str, str] = {
    "Content-Type": "application/json",
    "User-Agent": "facebookexternalua",
    "Accept": "*/*",
    "Accept-Encoding": "deflate, gzip",
}
_NOWHERE: Mapping[str, Any] = {}


class Signing(StrEnum):
    """How a delivery is signed; everything but VALID is for negative tests."""

    VALID = "valid"
    NONE = "none"
    WRONG = "wrong"
    SHA1_ONLY = "sha1-only"
    UNESCAPED = "unescaped"


def signed_headers(app: App, body: bytes, signing: Signing, unescaped: bytes) -> dict[str, str]:
    """Meta's headers. ``unescaped`` is the raw UTF-8 form, which only UNESCAPED signs."""
    headers = {**_BASE_HEADERS, "Facebook-Api-Version": app.webhook_version}
    if signing is Signing.NONE:
        return headers
    secret = f"not-{app.app_secret}" if signing is Signing.WRONG else app.app_secret
    signed = unescaped if signing is Signing.UNESCAPED else body
    headers["X-Hub-Signature"] = sign_sha1(secret, signed)
    if signing is not Signing.SHA1_ONLY:
        headers["X-Hub-Signature-256"] = sign_sha256(secret, signed)
    return headers


class Webhooks:
    """Builds deliveries for an account and hands them to the dispatcher."""

    def __init__(self, dispatcher: Dispatcher, first_number: int = 1) -> None:
        self._dispatcher = dispatcher
        self._numbers = itertools.count(first_number)
        self.suppressed = 0

    def publish(
        self, account: Account, payload: Payload, *, lane: str | None = None, signing: Signing = Signing.VALID
    ) -> Delivery | None:
        """Send what happened, if the WABA's app listens to it and has a callback; None otherwise (section 11).

        Other apps get copies of their own, which wait for nobody else's answers (15.4).
        """
        change = payload["entry"][0]["changes"][0]
        for app in account.other_apps:
            if app.callback is not None and app.listens_to(change["field"]):
                copy = f"{lane}|{app.id}" if lane else None
                self.send(account, app.callback, payload, app=app, signing=signing, lane=copy)
        url = account.callback_for(change["field"], change["value"].get("metadata", _NOWHERE).get("phone_number_id"))
        if url is None:
            self.suppressed += 1
            return None
        return self.send(account, url, payload, signing=signing, lane=lane)

    def send(
        self,
        account: Account,
        url: str,
        payload: Any,  # noqa: ANN401  # any JSON value, malformed on purpose too
        *,
        app: App | None = None,
        signing: Signing = Signing.VALID,
        escape: bool = True,
        lane: str | None = None,
    ) -> Delivery:
        body = meta_dump(payload) if escape else raw_dump(payload)
        unescaped = raw_dump(payload) if signing is Signing.UNESCAPED else body
        headers = signed_headers(app or account.app, body, signing, unescaped)
        return self._dispatch(account, url, body, headers, Subjects(payload), signing, lane)

    def send_text(self, account: Account, url: str, text: str, signing: Signing) -> Delivery:
        """Any bytes as a webhook, JSON or not."""
        body = text.encode("utf-8", "surrogatepass")
        headers = signed_headers(account.app, body, signing, body)
        return self._dispatch(account, url, body, headers, Subjects(parsed_body(body)), signing)

    def replay(self, account: Account, old: Delivery) -> Delivery:
        """The same bytes again, signed in the same way, as a delivery of its own."""
        signing = Signing(old.signing)
        unescaped = raw_dump(parsed_body(old.body)) if signing is Signing.UNESCAPED else old.body
        receivers = (app for app in account.other_apps if old.url in {app.override_url, app.webhook_url})
        headers = signed_headers(next(receivers, account.app), old.body, signing, unescaped)
        return self._dispatch(account, old.url, old.body, headers, old.subjects, signing)

    def _dispatch(
        self,
        account: Account,
        url: str,
        body: bytes,
        headers: Mapping[str, str],
        subjects: Subjects,
        signing: Signing,
        lane: str | None = None,
    ) -> Delivery:
        delivery = Delivery(next(self._numbers), account.waba_id, url, body, headers, subjects, signing, lane)
        self._dispatcher.submit(delivery)
        return delivery
