"""What callers send who have no valid key: headers that a deployment must refuse (AUTH)."""

from __future__ import annotations

import base64
import hashlib
import secrets
import string
from dataclasses import dataclass, field

from conformance.target.keys import Key

PREFIX = "wacrm_live_"
DISPLAYED = 19
"""Characters of a key that the dashboard shows, and that deployments keep in clear (`key_prefix`)."""


@dataclass(frozen=True, eq=False)
class Credential(Key):
    """A whole `Authorization` header. `shown` writes it as shell, from the key that it was made of."""

    header: str = field(repr=False, default="")
    shell: str = ""

    @property
    def authorization(self) -> str:
        return self.header

    @property
    def shown(self) -> str:
        return self.shell


def literal(label: str, header: str) -> Credential:
    """A header that holds no secret, shown as it is."""
    return Credential(label, "credential", header, header, header.replace("$", "\\$").replace('"', '\\"'))


def unknown() -> Credential:
    """A key of the documented form that no deployment has issued."""
    random = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip("=")
    return literal("unknown key", f"Bearer {PREFIX}{random}")


def malformed() -> list[Credential]:
    """Headers without any key in them."""
    noise = secrets.token_hex(16)
    return [
        literal("empty header", ""),
        literal("scheme alone", "Bearer"),
        literal("prefix alone", f"Bearer {PREFIX}"),
        literal("no prefix", f"Bearer {noise}"),
        literal("short key", f"Bearer {PREFIX}{noise}"),
        literal("other prefix", f"Bearer wacrm_test_{secrets.token_urlsafe(32)}"),
        literal("key with a blank", f"Bearer {PREFIX}{noise[:20]} {noise[:22]}"),
        literal("two keys", f"Bearer {PREFIX}{secrets.token_urlsafe(32)}, Bearer {PREFIX}{secrets.token_urlsafe(32)}"),
        literal("no scheme", f"{PREFIX}{secrets.token_urlsafe(32)}"),
        literal("Basic", f"Basic {base64.b64encode(f'{noise}:{noise}'.encode()).decode()}"),
        literal("wildcards", f"Bearer {PREFIX}{'%' * 43}"),
        literal("SQL", f"Bearer {PREFIX}' OR '1'='1"),
        literal("null", "Bearer null"),
        literal("undefined", "Bearer undefined"),
        literal("long key", f"Bearer {PREFIX}{'A' * 3000}"),
    ]


def distorted(key: Key) -> list[Credential]:
    """Headers that were made of a valid key and are none: the rest of it, its hash, another spelling, another scheme."""
    secret = key.secret
    cut = len(secret) - DISPLAYED
    return [
        _made(key, "truncated", f"Bearer {secret[:-1]}", "Bearer ${%s%%?}"),
        _made(
            key,
            "another last character",
            f"Bearer {secret[:-1]}{_other(secret[-1])}",
            "Bearer ${%s%%?}" + _other(secret[-1]),
        ),
        _made(key, "extended", f"Bearer {secret}A", "Bearer ${%s}A"),
        _made(key, "followed by a word", f"Bearer {secret} trailing", "Bearer $%s trailing"),
        _made(key, "first characters only", f"Bearer {secret[:DISPLAYED]}", f"Bearer ${{%s:0:{DISPLAYED}}}"),
        _made(key, "other rest", f"Bearer {secret[:DISPLAYED]}{'A' * cut}", f"Bearer ${{%s:0:{DISPLAYED}}}{'A' * cut}"),
        _made(key, "without prefix", f"Bearer {secret.removeprefix(PREFIX)}", f"Bearer ${{%s#{PREFIX}}}"),
        _made(key, "wildcard rest", f"Bearer {secret[:DISPLAYED]}%", f"Bearer ${{%s:0:{DISPLAYED}}}%%"),
        _made(
            key, "other case", f"Bearer {_swapped(secret)}", f"Bearer {PREFIX}$(tr a-zA-Z A-Za-z <<< ${{%s#{PREFIX}}})"
        ),
        _made(key, "its hash", f"Bearer {_hash(secret)}", "Bearer $(printf %%s $%s | sha256sum | cut -d' ' -f1)"),
        _made(key, "Basic", f"Basic {secret}", "Basic $%s"),
        _made(key, "Token", f"Token {secret}", "Token $%s"),
    ]


def bare(key: Key) -> Credential:
    """A valid key without the word `Bearer`: the documentation knows no such header, and forbids none."""
    return _made(key, "no scheme", key.secret, "$%s")


def _made(key: Key, label: str, header: str, shell: str) -> Credential:
    return Credential(f"{key.label}, {label}", key.role, header, header, shell % key.placeholder.removeprefix("$"))


def _other(last: str) -> str:
    """Another character whose first bit differs: the last two bits of 43 base64url characters decode to nothing."""
    alphabet = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"
    return alphabet[(alphabet.index(last) + 32) % 64] if last in alphabet else "A"


def _swapped(secret: str) -> str:
    return PREFIX + secret.removeprefix(PREFIX).swapcase()


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
