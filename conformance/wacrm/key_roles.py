"""Before the first check: every key of the target file has the scopes of its role."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from conformance.runner.preflight import SetupError, asked
from conformance.target.keys import Role, kept_fresh
from conformance.target.target import SCOPES
from conformance.target.verdicts import Lacking, NoAnswerError
from conformance.wacrm.steps.own_account import own_account

if TYPE_CHECKING:
    from conformance.target.exchange import Exchange
    from conformance.target.keys import Key, KeyPool
    from conformance.target.probe import Probe
    from conformance.target.target import Target

ME = "/me"


def roles(probe: Probe, pool: KeyPool, target: Target) -> None:
    """Every key of the file but those kept for limiter checks has the scopes of its role. Raises `SetupError`.

    Only what `/me` and an operation agree on is an error of the file; where they differ, that is AUTH-07's.
    """
    keys = target.keys.flat()
    untouched = kept_fresh(keys)
    for key in keys:
        if key not in untouched:
            role(probe, pool, key)


def role(probe: Probe, pool: KeyPool, key: Key) -> Exchange | None:
    """The key has the scopes of its role: its answer from `/me`; None for a key that must be refused. Raises `SetupError`."""
    wanted = _scopes(key.role)
    if wanted is None:
        return None
    exchange = asked(probe, pool, key, ME)
    if exchange.status == 401:
        raise SetupError(f"the deployment refuses keys.{key} (401 on /me).\nIs it a key of this deployment?")
    claimed = own_account(exchange).scopes
    if claimed is not None:
        _agreed(probe, pool, key, wanted, {str(scope) for scope in claimed})
    return exchange


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
            f"keys.{key} {verb} the scope {scope}, against its role.\n"
            f"Give it exactly these scopes: {', '.join(sorted(wanted)) or 'none'}."
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
