"""META-01, META-02: verification request and signature."""

import hashlib
import hmac
import json
from collections.abc import Callable
from contextlib import suppress

from starlette.datastructures import QueryParams

from reference.wacrm.assembly import Wacrm
from reference.wacrm.faults.registry import Fault, fault
from reference.wacrm.inbound.meta_webhook import Post
from reference.wacrm.patching.patches import patch
from reference.wacrm.patching.steps import wrap


@patch
def _signed(wacrm: Wacrm, accept: Callable[[bytes, str | None, bool], bool]) -> None:
    signed = wacrm.meta_webhook.signed

    def checked(raw: bytes, header: str | None) -> bool:
        return accept(raw, header, signed(raw, header))

    wrap(wacrm.meta_webhook, "signed", checked)


ROWS = (
    Fault("META-02", "missing-signature-is-accepted", _signed(lambda _raw, header, valid: valid or header is None),
          "the signature is checked only if there is one"),
    Fault("META-02", "unsigned-statuses-are-accepted", _signed(lambda raw, _header, valid: valid or b'"statuses":' in raw),
          "status webhooks are accepted without a valid signature"),
)  # fmt: skip


@fault("META-01", "the mode is checked, and the token is not")
def handshake_accepts_any_token(wacrm: Wacrm) -> None:
    handshake = wacrm.meta_webhook.handshake

    def trusting(query: QueryParams) -> tuple[int, str]:
        status, text = handshake(query)
        return (200, query["hub.challenge"]) if status == 403 else (status, text)  # noqa: PLR2004 - a status

    wrap(wacrm.meta_webhook, "handshake", trusting)


@fault("META-01", "the challenge is echoed as JSON")
def handshake_quotes_the_challenge(wacrm: Wacrm) -> None:
    handshake = wacrm.meta_webhook.handshake

    def quoted(query: QueryParams) -> tuple[int, str]:
        status, text = handshake(query)
        return status, json.dumps(text) if status == 200 else text  # noqa: PLR2004 - a status

    wrap(wacrm.meta_webhook, "handshake", quoted)


@fault("META-01", "a token that is missing equals one that was never set")
def handshake_accepts_a_missing_token(wacrm: Wacrm) -> None:
    handshake = wacrm.meta_webhook.handshake

    def trusting(query: QueryParams) -> tuple[int, str]:
        challenge = query.get("hub.challenge")
        if not query.get("hub.verify_token") and challenge is not None:
            return 200, challenge
        return handshake(query)

    wrap(wacrm.meta_webhook, "handshake", trusting)


@fault("META-01", "a beginning of the verify token is accepted as the token")
def handshake_accepts_the_beginning_of_the_token(wacrm: Wacrm) -> None:
    same = wacrm.meta_webhook.same

    def begun(given: str, expected: str) -> bool:
        return same(given, expected) or (expected == wacrm.settings.verify_token and expected.startswith(given))

    wrap(wacrm.meta_webhook, "same", begun)


@fault("META-01", "the token is checked, and hub.mode is not")
def handshake_ignores_the_mode(wacrm: Wacrm) -> None:
    handshake = wacrm.meta_webhook.handshake

    def indifferent(query: QueryParams) -> tuple[int, str]:
        return handshake(QueryParams({**query, "hub.mode": "subscribe"}))

    wrap(wacrm.meta_webhook, "handshake", indifferent)


@fault("META-01", "a missing challenge is answered with the text `undefined`")
def handshake_echoes_a_missing_challenge(wacrm: Wacrm) -> None:
    handshake = wacrm.meta_webhook.handshake

    def lenient(query: QueryParams) -> tuple[int, str]:
        return handshake(QueryParams({"hub.challenge": "undefined", **query}))

    wrap(wacrm.meta_webhook, "handshake", lenient)


@fault("META-02", "the signature is checked over the body as it is written again, without Meta's escapes")
def signature_is_checked_over_reserialised_json(wacrm: Wacrm) -> None:
    secret = wacrm.settings.app_secret.encode()

    def rewritten(raw: bytes, header: str | None, valid: bool) -> bool:  # noqa: FBT001 - a check that was made
        with suppress(ValueError):
            raw = json.dumps(json.loads(raw), ensure_ascii=False, separators=(",", ":")).encode()
            return header == f"sha256={hmac.new(secret, raw, hashlib.sha256).hexdigest()}"
        return valid

    _signed(rewritten)(wacrm)


@fault("META-02", "the comparison ends where the shorter one ends, and an empty digest matches everything")
def truncated_signature_is_accepted(wacrm: Wacrm) -> None:
    def prefixed(raw: bytes, header: str | None, valid: bool) -> bool:  # noqa: FBT001 - a check that was made
        expected = hmac.new(wacrm.settings.app_secret.encode(), raw, hashlib.sha256).hexdigest()
        return valid or (header is not None and f"sha256={expected}".startswith(header))

    _signed(prefixed)(wacrm)


@fault("META-02", "a wrong signature is refused after the work was queued")
def refused_webhook_is_processed(wacrm: Wacrm) -> None:
    def queued(raw: bytes, header: str | None, valid: bool) -> bool:  # noqa: FBT001 - a check that was made
        if not valid and header is not None:
            with suppress(ValueError):
                wacrm.meta_webhook.queue(Post(json.loads(raw), ""))
        return valid

    _signed(queued)(wacrm)


@fault("META-02", "the older X-Hub-Signature (SHA-1) is accepted too")
def sha1_signature_is_accepted(wacrm: Wacrm) -> None:
    def either(raw: bytes, header: str | None, valid: bool) -> bool:  # noqa: FBT001 - a check that was made
        older = hmac.new(wacrm.settings.app_secret.encode(), raw, hashlib.sha1).hexdigest()
        return valid or header == f"sha1={older}"

    _signed(either)(wacrm)
