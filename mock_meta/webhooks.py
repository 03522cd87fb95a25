"""From a payload to a signed delivery: gating, headers, signature variants (fact sheet 15)."""

import itertools
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from mock_meta.accounts import Account
from mock_meta.delivery import Delivery, Dispatcher
from mock_meta.payloads import Payload
from mock_meta.signature import meta_dump, raw_dump, sign_sha1, sign_sha256

_BASE_HEADERS: Mapping[str, str] = {
    "Content-Type": "application/json",
    "User-Agent": "facebookexternalua",
    "Accept": "*/*",
    "Accept-Encoding": "deflate, gzip",
    "Facebook-Api-Version": "v21.0",
}


class Signing(StrEnum):
    """How a delivery is signed; everything but VALID is for negative tests."""

    VALID = "valid"
    NONE = "none"
    WRONG = "wrong"
    SHA1_ONLY = "sha1-only"
    UNESCAPED = "unescaped"


def signed_headers(account: Account, body: bytes, signing: Signing, unescaped: bytes) -> dict[str, str]:
    """Meta's headers. ``unescaped`` is the raw UTF-8 form, which only UNESCAPED signs."""
    headers = {**_BASE_HEADERS, "Facebook-Api-Version": account.webhook_version}
    if signing is Signing.NONE:
        return headers
    secret = f"not-{account.app_secret}" if signing is Signing.WRONG else account.app_secret
    signed = unescaped if signing is Signing.UNESCAPED else body
    headers["X-Hub-Signature"] = sign_sha1(secret, signed)
    if signing is not Signing.SHA1_ONLY:
        headers["X-Hub-Signature-256"] = sign_sha256(secret, signed)
    return headers


class Webhooks:
    """Builds deliveries for an account and hands them to the dispatcher."""

    def __init__(self, dispatcher: Dispatcher) -> None:
        self._dispatcher = dispatcher
        self._numbers = itertools.count(1)
        self.suppressed = 0

    def publish(
        self, account: Account, payload: Payload, *, lane: str | None = None, signing: Signing = Signing.VALID
    ) -> Delivery | None:
        """Send what happened, if the WABA's app is subscribed and has a callback; None otherwise (section 11)."""
        if not account.subscribed or account.callback is None:
            self.suppressed += 1
            return None
        return self.send(account, account.callback, payload, signing=signing, lane=lane)

    def send(
        self,
        account: Account,
        url: str,
        payload: Any,  # noqa: ANN401  # any JSON value, malformed on purpose too
        *,
        signing: Signing = Signing.VALID,
        escape: bool = True,
        lane: str | None = None,
    ) -> Delivery:
        body = meta_dump(payload) if escape else raw_dump(payload)
        unescaped = raw_dump(payload) if signing is Signing.UNESCAPED else body
        headers = signed_headers(account, body, signing, unescaped)
        return self._dispatch(account, url, body, headers, payload, lane)

    def send_text(self, account: Account, url: str, text: str, signing: Signing) -> Delivery:
        """Any bytes as a webhook, JSON or not."""
        body = text.encode("utf-8", "surrogatepass")
        return self._dispatch(account, url, body, signed_headers(account, body, signing, body), {}, None)

    def replay(self, account: Account, old: Delivery) -> Delivery:
        """The same bytes and headers again, as a delivery of its own."""
        new = Delivery(
            id=self._next_id(),
            seq=self._last,
            waba_id=account.waba_id,
            phone_number_id=old.phone_number_id,
            url=old.url,
            field=old.field,
            body=old.body,
            headers=old.headers,
            wamids=old.wamids,
            statuses=old.statuses,
            people=old.people,
        )
        self._dispatcher.submit(new)
        return new

    def _dispatch(
        self, account: Account, url: str, body: bytes, headers: Mapping[str, str], payload: object, lane: str | None
    ) -> Delivery:
        subject = Subjects(payload if isinstance(payload, Mapping) else {})
        delivery = Delivery(
            id=self._next_id(),
            seq=self._last,
            waba_id=account.waba_id,
            phone_number_id=subject.phone_number_id,
            url=url,
            field=subject.field,
            body=body,
            headers=headers,
            wamids=subject.wamids,
            statuses=subject.statuses,
            people=subject.people,
            lane=lane,
        )
        self._dispatcher.submit(delivery)
        return delivery

    def _next_id(self) -> str:
        self._last = next(self._numbers)
        return f"delivery-{self._last}"


class Subjects:
    """What a payload is about, for the ledger's indexes. Tolerates payloads that are deliberately malformed."""

    def __init__(self, payload: Mapping[str, Any]) -> None:
        self.field = ""
        self.phone_number_id: str | None = None
        self.wamids: list[str] = []
        self.statuses: list[tuple[str, str]] = []
        self.people: list[str] = []
        for entry in _objects(payload.get("entry")):
            for change in _objects(entry.get("changes")):
                self._take(change)

    def _take(self, change: Mapping[str, Any]) -> None:
        self.field = self.field or str(change.get("field", ""))
        value = change.get("value")
        if not isinstance(value, Mapping):
            return
        metadata = value.get("metadata")
        if isinstance(metadata, Mapping) and self.phone_number_id is None:
            self.phone_number_id = str(metadata.get("phone_number_id"))
        for status in _objects(value.get("statuses")):
            self.statuses.append((str(status.get("id")), str(status.get("status"))))
            self._name(status.get("id"), status.get("recipient_id"))
        for message in _objects(value.get("messages")):
            self._name(message.get("id"), message.get("from"))

    def _name(self, wamid: object, person: object) -> None:
        if isinstance(wamid, str) and wamid not in self.wamids:
            self.wamids.append(wamid)
        if isinstance(person, str) and person not in self.people:
            self.people.append(person)


def _objects(value: object) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []
