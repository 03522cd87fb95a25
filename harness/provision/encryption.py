"""Tokens as the deployment stores them: AES-256-GCM, `<iv hex>:<ciphertext hex>:<tag hex>`."""

from __future__ import annotations

import re
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from harness.provision.errors import ProvisionError

IV_BYTES = 12
TAG_BYTES = 16


def encryption_key(text: str | None, variable: str) -> bytes:
    """The 32 bytes of the deployment's key. Raises `ProvisionError`, which never shows what was given."""
    if not text:
        raise ProvisionError(
            f"The environment has no {variable}. Set it to the ENCRYPTION_KEY that the deployment runs with (64 hex "
            "characters), or name the variable that holds it: --encryption-key-env NAME."
        )
    if not re.fullmatch(r"[0-9a-fA-F]{64}", text.strip()):
        raise ProvisionError(
            f"{variable} is not an encryption key: 64 hex characters are expected, {len(text.strip())} characters were "
            "found. Copy the deployment's ENCRYPTION_KEY again, without quotes."
        )
    return bytes.fromhex(text.strip())


def encrypt(key: bytes, plain: str) -> str:
    """One token under a fresh IV."""
    iv = secrets.token_bytes(IV_BYTES)
    sealed = AESGCM(key).encrypt(iv, plain.encode(), None)
    return ":".join(part.hex() for part in (iv, sealed[:-TAG_BYTES], sealed[-TAG_BYTES:]))


def decrypt(key: bytes, stored: str | None) -> str | None:
    """The token; None when there is none or the key does not open it."""
    try:
        iv, sealed, tag = (bytes.fromhex(part) for part in (stored or "").split(":"))
        return AESGCM(key).decrypt(iv, sealed + tag, None).decode()
    except (ValueError, InvalidTag):
        return None
