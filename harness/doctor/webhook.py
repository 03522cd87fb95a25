"""Meta's webhook of the deployment: reached by the mock, with the file's verify token and app secret."""

from __future__ import annotations

import secrets
from contextlib import closing
from typing import TYPE_CHECKING

from conformance.meta.mock_client import MockMetaError
from conformance.meta.webhook_payloads import (
    MetaSide,
    change,
    entry,
    escaped,
    new_wamid,
    payload,
    signature,
    status_item,
)
from conformance.target.probe import Probe
from conformance.target.verdicts import NoAnswerError
from conformance.wacrm.interlock import NOBODY
from harness.doctor.line import mend, note, ok

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.meta.mock_client import MockMeta
    from conformance.target.exchange import Exchange
    from conformance.target.target import Meta, Target
    from harness.doctor.line import Line

REACHED, HANDSHAKE, SECRET = "webhook from mock", "verify token", "app secret"
WEBHOOK = "Meta's webhook"
CHALLENGE = "1158201444"
OK = 200


def from_mock(mock_meta: MockMeta, waba_id: str, url: str) -> Line:
    """Anything answers the mock at the deployment's webhook."""
    try:
        is_reached = mock_meta.reaches(waba_id)
    except MockMetaError as error:
        return mend(REACHED, str(error), "Set meta.access_token, so that the mock is told of the account.")
    if is_reached:
        return ok(REACHED, f"{url} answers")
    return mend(REACHED, f"nothing answers the mock at {url}", "Set target.webhook_url to where the mock reaches it.")


def accepted(target: Target, meta: Meta) -> Iterator[Line]:
    """The handshake and a signed body, sent from here as Meta would."""
    address = target.target
    with closing(Probe(address.meta_webhook, address.timeout, address.verify, frozenset())) as probe:
        side = MetaSide(probe, meta.app_secret.get_secret_value(), meta.verify_token.get_secret_value())
        try:
            yield _handshake(side)
            yield _signed(side, meta)
        except NoAnswerError as error:
            yield mend(WEBHOOK, str(error), "Set target.webhook_url to the deployment's webhook for Meta.")


def _handshake(side: MetaSide) -> Line:
    right, wrong = _shaken(side, side.verify_token), _shaken(side, secrets.token_hex(8))
    if not _is_echoed(right):
        return mend(
            HANDSHAKE, f"the handshake with meta.verify_token is answered {right.summary[:120]}",
            "Set meta.verify_token to the one that the deployment's WhatsApp connection has; on 404, set target.webhook_url.",
        )  # fmt: skip
    if _is_echoed(wrong):
        return note(HANDSHAKE, "the deployment accepts any token, so a wrong one would not show", "The gate judges it.")
    return ok(HANDSHAKE, "handshake accepted with it, refused with another")


def _shaken(side: MetaSide, token: str) -> Exchange:
    return side.handshake(mode="subscribe", challenge=CHALLENGE, verify_token=token)


def _is_echoed(answer: Exchange) -> bool:
    return answer.status == OK and answer.text.strip().strip('"') == CHALLENGE


def _signed(side: MetaSide, meta: Meta) -> Line:
    """The body tells of a message that nobody sent, so that nothing changes at the deployment."""
    status = status_item(new_wamid(NOBODY), "delivered", NOBODY)
    body = escaped(payload(entry(meta.waba_id, change(meta.phone_number_id, statuses=[status]))))
    right = side.signed(body)
    wrong = side.post(body, X_Hub_Signature_256=signature(secrets.token_hex(16), body))
    if right.status != OK:
        return mend(
            SECRET, f"a body signed with meta.app_secret is answered {right.summary[:120]}",
            "Set meta.app_secret to the deployment's META_APP_SECRET.",
        )  # fmt: skip
    if wrong.status == OK:
        return note(
            SECRET, "200 to any signature, so whether meta.app_secret is right does not show here",
            "If inbound messages are checked without effect, compare it with META_APP_SECRET.",
        )  # fmt: skip
    return ok(SECRET, "a body signed with it is accepted, one signed with another refused")
