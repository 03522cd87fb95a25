"""The reference deployment with mock Meta: the target when none is named."""

from __future__ import annotations

import base64
import json
import secrets
import sys
import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from conformance.meta.accounts import register
from conformance.runner.stack import FULL_KEYS, Embedded
from conformance.target.keys import Role
from conformance.target.target import SCOPES, Target

if TYPE_CHECKING:
    from conformance.runner.stack import Stack


EXPIRES_IN = 40.0
"""Seconds that the key lives which expires during a run."""


def start_reference(stack: Stack, how: Embedded = Embedded()) -> Target:  # noqa: B008 - frozen
    """Mock Meta and the reference, wired to each other and to the receiver, which runs already; the target that they are."""
    assert stack.receiver is not None
    mock = stack.start("mock_meta", "--port", "0", "--seed", str(stack.seed))
    accounts = new_accounts(how.keys)
    file = stack.directory / "accounts.json"
    file.touch(mode=0o600)
    file.write_text(json.dumps(accounts), encoding="utf-8")
    changes = {"fault": how.faults, "variant": how.variants, "wear": how.wear}
    switches = [f"--{kind}={name}" for kind, names in changes.items() for name in names]
    address = stack.start(
        "reference.wacrm", "--port", str(how.port), "--accounts", str(file),
        "--graph-url", mock["graph"], "--graph-timeout", "5",
        "--limit", str(how.limit), "--window", str(how.window), "--webhook-allow", stack.receiver["origin"],
        "--webhook-ca", stack.receiver["ca"], "--webhook-only-allowed", "--control", *switches,
    )  # fmt: skip
    target = target_of(accounts, address, mock["control"], how)
    assert target.meta is not None
    register(target.meta, target.target.meta_webhook)
    return target


def new_key() -> str:
    """A key of the documented form: 32 random bytes, base64url, behind `wacrm_live_`."""
    return "wacrm_live_" + base64.urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip("=")


def new_accounts(full: int = FULL_KEYS) -> dict[str, Any]:
    """The accounts file of the reference: an account with keys of every role, another one, one without WhatsApp."""
    keys: list[tuple[str, tuple[str, ...], dict[str, str]]] = [("full", SCOPES, {})] * full
    keys += [("none", (), {})] * 8 + [("revoked", SCOPES, {"revoked_at": "2026-01-01T00:00:00Z"})]
    keys += [("expired", SCOPES, {"expires_at": "2026-01-01T00:00:00Z"})]
    expires = datetime.now(UTC) + timedelta(seconds=EXPIRES_IN)
    keys += [("expiring", SCOPES, {"expires_at": expires.isoformat()}), ("revocable", SCOPES, {})]
    keys += [(f"only:{scope}", (scope,), {}) for scope in SCOPES]
    keys += [(f"all_but:{scope}", tuple(s for s in SCOPES if s != scope), {}) for scope in SCOPES]
    main = _account("Harness main", keys, _whatsapp("106540000000001", "102290000000001"))
    other = _account(
        "Harness other", [("other_account", SCOPES, {})] * 24, _whatsapp("106540000000002", "102290000000002")
    )
    bare = _account("Harness unconfigured", [("unconfigured", SCOPES, {})] * 2, None)
    return {"app_secret": secrets.token_hex(16), "verify_token": secrets.token_hex(8), "accounts": [main, other, bare]}


def _whatsapp(phone_number_id: str, waba_id: str) -> dict[str, str]:
    return {"phone_number_id": phone_number_id, "waba_id": waba_id, "access_token": "EAA" + secrets.token_hex(30)}


def _account(name: str, keys: list[Any], whatsapp: dict[str, str] | None) -> dict[str, Any]:
    rows = [
        {"key": new_key(), "name": role, "scopes": list(scopes), "revoked_at": None, "expires_at": None, **dates}
        for role, scopes, dates in keys
    ]
    return {"id": str(uuid.uuid4()), "name": name, "whatsapp": whatsapp, "keys": rows}


def target_of(accounts: dict[str, Any], address: dict[str, Any], control: str, how: Embedded) -> Target:
    """The target that a harness.toml would describe, for the reference."""
    by_role: dict[str, Any] = {"only": {}, "all_but": {}}
    for row in (key for account in accounts["accounts"] for key in account["keys"]):
        kind, _, scope = row["name"].partition(":")
        if scope:
            by_role[kind][scope] = row["key"]
        elif kind == Role.EXPIRING:
            by_role[kind] = {"key": row["key"], "expires_at": row["expires_at"]}
        else:
            by_role.setdefault(kind, []).append(row["key"])
    main, other, _ = (account["whatsapp"] for account in accounts["accounts"])
    meta = {
        "control": control, **main, "app_secret": accounts["app_secret"], "verify_token": accounts["verify_token"],
        **{f"other_{name}": value for name, value in other.items()},
    }  # fmt: skip
    target = {
        "base_url": address["url"], "webhook_url": address["meta_webhook"], "limit": how.limit, "window": how.window,
        "embedded": True,
    }  # fmt: skip
    # The reference contacts allowed origins only, so no packet leaves, whatever it is asked to deliver to.
    capabilities = {"probe_private_networks": True}
    post = f"r.Request('{address['url']}/_control/keys/' + os.environ['WACRM_KEY_HASH'] + '/revoke', method='POST')"
    hooks = {"revoke": f'"{sys.executable}" -c "import os, urllib.request as r; r.urlopen({post}, timeout=30)"'}
    given = {
        "target": target, "keys": by_role, "meta": meta, "receiver": {}, "capabilities": capabilities, "hooks": hooks,
    }  # fmt: skip
    return Target.model_validate(given)
