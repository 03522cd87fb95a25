"""The bytes Meta sends and how it signs them (Meta: webhooks, payload signature; fact sheet 15.3)."""

import hashlib
import hmac
import json
from typing import Any

import msgspec

_quick = msgspec.json.Encoder().encode
_encode = json.JSONEncoder(ensure_ascii=True, separators=(",", ":")).encode


def meta_dump(value: Any) -> bytes:  # noqa: ANN401  # any JSON value
    r"""Compact JSON in Meta's escaped form: lowercase ``\uXXXX`` for non-ASCII, ``\/`` for ``/``.

    msgspec writes plain ASCII, which most webhooks are, several times faster, and cannot escape the rest.
    """
    text = _plain(value) or _encode(value).encode("ascii")
    # "/" cannot occur outside strings in JSON, so a plain replacement is safe.
    return text.replace(b"/", b"\\/")


def _plain(value: Any) -> bytes | None:  # noqa: ANN401  # any JSON value
    """The value as JSON without escapes beyond JSON's own; None when Meta's form has others."""
    try:
        text = _quick(value)
    except UnicodeError:  # a lone surrogate
        return None
    return text if text.isascii() and b"\x7f" not in text else None


def raw_dump(value: Any) -> bytes:  # noqa: ANN401  # any JSON value
    """The same value as unescaped UTF-8; what a receiver gets when it serialises the decoded JSON again."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def sign_sha256(secret: str, body: bytes) -> str:
    """``X-Hub-Signature-256``: ``sha256=`` and the lowercase hex HMAC over exactly the sent bytes."""
    return "sha256=" + hmac.digest(secret.encode(), body, hashlib.sha256).hex()


def sign_sha1(secret: str, body: bytes) -> str:
    """The legacy ``X-Hub-Signature``, which Meta still sends next to the newer one."""
    return "sha1=" + hmac.digest(secret.encode(), body, hashlib.sha1).hex()
