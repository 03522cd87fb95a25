"""Before the first check: every key of the target file is what its role says."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
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
REFUSED = {Role.REVOKED: "AUTH-03", Role.EXPIRED: "AUTH-04"}
"""Roles of keys that are not active, and the clause that has them refused."""


def roles(probe: Probe, pool: KeyPool, target: Target) -> None:
    """Every key of the file but those kept for limiter checks is of its role's account, with its role's scopes, or refused
    as its role says. Raises `SetupError`.

    Only what `/me` and an operation agree on is an error of the file; where they differ, that is AUTH-07's.
    """
    keys = target.keys.flat()
    untouched = kept_fresh(keys)
    own: Account | None = None
    for key in keys:
        exchange = None if key in untouched else role(probe, pool, key)
        if exchange is not None:
            account = own_account(exchange).id
            own = own or Account(key, account)
            _is_of_its_account(probe, pool, key, account, own)


def role(probe: Probe, pool: KeyPool, key: Key) -> Exchange | None:
    """The key has the scopes of its role, or is refused as its role says: its answer from `/me`; None for a key without
    scopes of its own. Raises `SetupError`.
    """
    wanted = _scopes(key.role)
    if wanted is None:
        if key.role in REFUSED:
            _is_refused(probe, pool, key, asked(probe, pool, key, ME))
        return None  # the end of any other key is a check's own (AUTH-09)
    exchange = asked(probe, pool, key, ME)
    if exchange.status == 401:
        raise SetupError(
            f"the deployment refuses keys.{key} (401 on /me).\nIs it a key of this deployment?", f"keys.{key}"
        )
    scopes = own_account(exchange).scopes
    if scopes is not None:
        _agreed(probe, pool, key, wanted, {str(scope) for scope in scopes})
    return exchange


@dataclass(frozen=True)
class Account:
    """The account of `keys.full`, as its first key's `/me` names it; `id` is None when that names none."""

    key: Key
    id: str | None


def _is_refused(probe: Probe, pool: KeyPool, key: Key, me: Exchange) -> None:
    """A key that is to be revoked or expired is not active. One that only one operation takes is AUTH-03's, or AUTH-04's."""
    if me.status == 200 and _admitted(probe, pool, key, "contacts:read"):
        clause = REFUSED[Role(key.role)]
        raise _wrong(
            key,
            f"is active: /me and /contacts answer it. Make it {key.role}; if it is, the deployment breaks {clause}.",
        )


def _is_of_its_account(probe: Probe, pool: KeyPool, key: Key, account: str | None, own: Account) -> None:
    """Compare accounts, and hold what `/me` says against the contacts that the two keys see, as far as they may."""
    elsewhere = key.role in {Role.OTHER, Role.UNCONFIGURED}
    if None in (account, own.id) or (account != own.id) is elsewhere:
        return
    seen, ours = _newest_contact(probe, pool, key), _newest_contact(probe, pool, own.key)
    if seen is not None and ours is not None and (seen != ours) is elsewhere and (seen or ours):
        return  # the contacts contradict `/me`
    which = "the account of" if elsewhere else "another account than"
    raise _wrong(
        key,
        f"is a key of {which} keys.{own.key}, as /me says. Its role needs {'another' if elsewhere else 'the same'} account.",
    )


def _newest_contact(probe: Probe, pool: KeyPool, key: Key) -> str | None:
    """Its id, empty when there is none; None when the key may not read contacts."""
    try:
        pool.book(key)
        body = probe.send("GET", "/contacts?limit=1", key=key).json()
    except NoAnswerError:
        return None
    rows = body.get("data") if isinstance(body, dict) else None
    if not isinstance(rows, list):
        return None
    return str(rows[0].get("id", "")) if rows and isinstance(rows[0], dict) else ""


def _wrong(key: Key, what: str) -> SetupError:
    return SetupError(f"keys.{key} {what}", f"keys.{key}")


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
        raise _wrong(key, f"{verb} the scope {scope}, which its role says otherwise. Give it exactly: {sorted(wanted)}")


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
