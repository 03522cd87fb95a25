"""Before the first message: proof that the deployment talks to mock Meta."""

from __future__ import annotations

import uuid
from contextlib import closing
from typing import TYPE_CHECKING

from conformance.meta.mock_client import MockMeta, MockMetaError
from conformance.runner.preflight import SetupError
from conformance.target import waiting
from conformance.target.keys import Role
from conformance.target.verdicts import NoAnswerError

if TYPE_CHECKING:
    from conformance.target.keys import KeyPool
    from conformance.target.probe import Probe
    from conformance.target.target import Target

INTERLOCK_PATIENCE = 5.0
NOBODY = "+12025550100"
"""A number reserved for fiction; the interlock's message has a template that exists nowhere, so not even Meta would send it."""


def interlock(probe: Probe, pool: KeyPool, target: Target) -> None:
    """Prove with a nonce in mock Meta's ledger that the deployment talks to the mock, and arm the probe.

    The nonce travels in the name of a template that exists nowhere (so no message results even if the wire leads to
    the real Meta), then, for a deployment that checks templates itself, as the media id of an inbound image, which a
    deployment looks up at Meta. Raises `SetupError`.
    """
    if target.meta is None:
        probe.unarmed_reason = "the target file has no [meta]"
        return
    with closing(MockMeta(target.meta.control)) as mock_meta:
        _close(probe, pool, target, mock_meta)


def _close(probe: Probe, pool: KeyPool, target: Target, mock_meta: MockMeta) -> None:
    try:
        mock_meta.request("GET", "/health")
    except MockMetaError as error:
        raise SetupError(f"{error}\nStart it (nox -s mock_meta) and set meta.control to its address.") from None
    assert target.meta is not None
    nonce = f"harness_interlock_{uuid.uuid4().hex}"
    probe.armed = True
    answer = _by_template(probe, pool, nonce)
    if not _seen(mock_meta, nonce) and not _by_media(mock_meta, target):
        probe.armed = False
        raise SetupError(
            "the deployment is not wired to mock Meta: a send did not show up in the mock's ledger, so no message is sent.\n"
            f"The API answered: {answer}\nPoint the deployment's Graph URL at {target.meta.control.rpartition('/')[0]}/v21.0."
        )


def _by_template(probe: Probe, pool: KeyPool, nonce: str) -> str:
    key = pool.keys(Role.FULL)[0]
    pool.book(key)
    body = {"to": NOBODY, "type": "template", "template": {"name": nonce, "language": "en_US"}}
    try:
        exchange = probe.send("POST", "/messages", key=key, json=body)
    except NoAnswerError as error:
        return str(error)
    if exchange.status in {401, 403}:
        raise SetupError(
            f"keys.{key} may not send a message: the API answered {exchange.summary[:200]}\n"
            "Give the keys of keys.full every scope, messages:send among them.", f"keys.{key}",
        )  # fmt: skip
    return exchange.summary[:200]


def _seen(mock_meta: MockMeta, nonce: str, patience: float = INTERLOCK_PATIENCE) -> bool:
    return bool(waiting.eventually(lambda: mock_meta.ledger(kind="request", contains=nonce, since=0), patience))


def _by_media(mock_meta: MockMeta, target: Target) -> bool:
    assert target.meta is not None
    media_id = str(uuid.uuid4().int)[:16]
    message = {"from": NOBODY.lstrip("+"), "type": "image", "image": {"id": media_id, "mime_type": "image/jpeg"}}
    try:
        mock_meta.inbound(target.meta.phone_number_id, message)
    except Exception:  # noqa: BLE001 - whatever went wrong, the wire is not proved
        return False
    return bool(waiting.eventually(lambda: _looked_up(mock_meta, media_id), INTERLOCK_PATIENCE, 0.1))


def _looked_up(mock_meta: MockMeta, media_id: str) -> bool:
    return any(media_id in entry["path"] for entry in mock_meta.ledger(kind="request"))
