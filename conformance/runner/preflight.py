"""What is settled before the first check: the target answers, its keys are what the file says, its wire leads to the mock."""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING

from conformance.meta.mock_client import MockMeta, MockMetaError
from conformance.target.exchange import retry_after
from conformance.target.keys import Role, kept_fresh
from conformance.target.target import SCOPES
from conformance.target.verdicts import Lacking, NoAnswerError
from conformance.target.waiting import eventually

if TYPE_CHECKING:
    from conformance.target.exchange import Exchange
    from conformance.target.keys import Key, KeyPool
    from conformance.target.probe import Probe
    from conformance.target.target import Target

INTERLOCK_PATIENCE = 5.0
NOBODY = "+12025550100"
"""A number reserved for fiction; the interlock's message has a template that exists nowhere, so not even Meta would send it."""


class SetupError(Exception):
    """The run cannot start. The message says what to do."""


def reachable(probe: Probe, pool: KeyPool) -> None:
    """`GET /me` with the first full key answers as an API does. Raises `SetupError`."""
    exchange = _me(probe, pool, pool.keys(Role.FULL)[0])
    base = probe.base_url
    if exchange.status in {301, 302, 303, 307, 308}:
        where = exchange.answer_headers.get("location", "nowhere")
        raise SetupError(f"{base}/me redirects to {where}\nSet target.base_url to the address that answers itself.")
    if not isinstance(exchange.json(), dict):
        kind = exchange.answer_headers.get("content-type", "no content type")
        raise SetupError(
            f"{base}/me answers {exchange.status} with {kind}, not with the API's JSON: {exchange.excerpt[:120]}\n"
            "Is target.base_url the deployment's origin?"
        )
    if exchange.status == 401:  # noqa: PLR2004
        raise SetupError(f"the deployment refuses keys.full[0] (401 on {base}/me). Is it a key of this deployment?")
    if exchange.status != 200:  # noqa: PLR2004
        raise SetupError(f"{base}/me answers {exchange.summary[:200]}\nIs this a Wacrm deployment with its public API?")


def _me(probe: Probe, pool: KeyPool, key: Key) -> Exchange:
    try:
        pool.book(key)
        exchange = probe.send("GET", "/me", key=key)
        if exchange.status == 429:  # noqa: PLR2004 - the key was in use before us
            pool.refused(key, retry_after(exchange))
            pool.book(key)
            exchange = probe.send("GET", "/me", key=key)
    except NoAnswerError as error:
        raise SetupError(_unreachable(error.exchange)) from None
    return exchange


def _unreachable(exchange: Exchange) -> str:
    trouble = exchange.trouble or ""
    if "CERTIFICATE" in trouble.upper() or "SSL" in trouble.upper():
        return f'{exchange.url}: TLS failed: {trouble}\nGive the CA with target.ca = "ca.pem", or set target.insecure = true.'
    return f"{exchange.url}: {trouble}\nIs the deployment running, and target.base_url right?"


def roles(probe: Probe, pool: KeyPool, target: Target) -> None:
    """Every key of the file but those kept for limiter checks has the scopes of its role. Raises `SetupError`.

    Only what `/me` and an operation agree on is an error of the file; where they differ, AUTH-07 judges.
    """
    keys = target.keys.flat()
    untouched = kept_fresh(keys)
    for key in keys:
        if key in untouched:
            continue
        wanted = _scopes(key.role)
        if wanted is None:
            continue
        exchange = _me(probe, pool, key)
        if exchange.status == 401:  # noqa: PLR2004
            raise SetupError(f"the deployment refuses keys.{key} (401 on /me). Is it a key of this deployment?")
        body = exchange.json()
        inner = body.get("data") if isinstance(body, dict) else None
        claimed = inner.get("scopes") if isinstance(inner, dict) else None
        if isinstance(claimed, list):
            _agreed(probe, pool, key, wanted, {str(scope) for scope in claimed})


def _scopes(role: str) -> set[str] | None:
    kind, _, scope = role.partition(":")
    if kind == "only":
        return {scope}
    if kind == "all_but":
        return set(SCOPES) - {scope}
    return {Role.NONE: set(), Role.FULL: set(SCOPES), Role.OTHER: set(SCOPES), Role.UNCONFIGURED: set(SCOPES)}.get(
        Role(role)
    )


def _agreed(probe: Probe, pool: KeyPool, key: Key, wanted: set[str], claimed: set[str]) -> None:
    for scope in sorted(wanted ^ claimed):
        if scope not in SCOPES or _admitted(probe, pool, key, scope) is not (scope in claimed):
            continue
        verb = "has" if scope in claimed else "lacks"
        raise SetupError(
            f"keys.{key} {verb} the scope {scope}, which its role says otherwise. Give it exactly: {sorted(wanted)}"
        )


def _admitted(probe: Probe, pool: KeyPool, key: Key, scope: str) -> bool | None:
    """Whether an operation that needs the scope lets the key in; None when it cannot be tried."""
    nothing = uuid.uuid4()
    method, path = {
        "messages:send": ("POST", "/messages"),
        "messages:read": ("GET", f"/conversations/{nothing}/messages"),
        "contacts:read": ("GET", "/contacts?limit=1"),
        "contacts:write": ("POST", "/contacts"),
        "conversations:read": ("GET", "/conversations?limit=1"),
        "broadcasts:send": ("GET", f"/broadcasts/{nothing}"),
        "webhooks:manage": ("GET", "/webhooks"),
    }[scope]
    try:
        pool.book(key)
        exchange = probe.send(method, path, key=key, content=b"{}" if method == "POST" else None)
    except (NoAnswerError, Lacking):
        return None
    return exchange.status not in {401, 403}


def interlock(probe: Probe, pool: KeyPool, target: Target) -> None:
    """Prove with a nonce in mock Meta's ledger that the deployment talks to the mock, and arm the probe.

    The nonce travels in the name of a template that exists nowhere (so no message results even if the wire leads to
    the real Meta), then, for a deployment that checks templates itself, as the media id of an inbound image, which a
    deployment looks up at Meta. Raises `SetupError`.
    """
    if target.meta is None:
        probe.unarmed_reason = "the target file has no [meta]"
        return
    mock_meta = MockMeta(target.meta.control)
    try:
        mock_meta.request("GET", "/health")
    except MockMetaError as error:
        raise SetupError(f"{error}\nStart it (nox -s mock_meta) and set meta.control to its address.") from None
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
        return probe.send("POST", "/messages", key=key, json=body).summary[:200]
    except NoAnswerError as error:
        return str(error)


def _seen(mock_meta: MockMeta, nonce: str, patience: float = INTERLOCK_PATIENCE) -> bool:
    return bool(eventually(lambda: mock_meta.ledger(kind="request", contains=nonce, since=0), patience))


def _by_media(mock_meta: MockMeta, target: Target) -> bool:
    assert target.meta is not None
    media_id = str(uuid.uuid4().int)[:16]
    message = {"from": NOBODY.lstrip("+"), "type": "image", "image": {"id": media_id, "mime_type": "image/jpeg"}}
    try:
        mock_meta.inbound(target.meta.phone_number_id, message)
    except Exception:  # noqa: BLE001 - whatever went wrong, the wire is not proved
        return False
    deadline = time.monotonic() + INTERLOCK_PATIENCE
    while time.monotonic() < deadline:
        if any(media_id in entry["path"] for entry in mock_meta.ledger(kind="request")):
            return True
        time.sleep(0.1)
    return False
