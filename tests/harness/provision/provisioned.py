"""A provisioned database as tests read it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from conformance.target.sources import load
from tests.harness.provision.conftest import ENCRYPTION_KEY, Deployment

if TYPE_CHECKING:
    from datetime import datetime

    from conformance.target.target import Target


def made(deployment: Deployment, *arguments: str) -> Target:
    assert deployment.provision(*arguments) == 0
    return load(deployment.file, {})


def opened(stored: str) -> str:
    iv, sealed, tag = (bytes.fromhex(part) for part in stored.split(":"))
    assert (len(iv), len(tag)) == (12, 16)
    return AESGCM(bytes.fromhex(ENCRYPTION_KEY)).decrypt(iv, sealed + tag, None).decode()


def stored_keys(deployment: Deployment) -> dict[str, tuple[str, list[str], datetime | None, datetime | None, str]]:
    rows = deployment.rows(
        "SELECT key_hash, a.name, scopes, expires_at, revoked_at, key_prefix"
        " FROM api_keys JOIN accounts a ON a.id = account_id WHERE a.name LIKE 'wacrm-harness%'"
    )
    return {
        digest: (account, scopes, expires, revoked, prefix)
        for digest, account, scopes, expires, revoked, prefix in rows
    }


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
