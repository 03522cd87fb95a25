"""The bytes Meta sends and how it signs them (Meta: webhooks, payload signature; fact sheet 15.3)."""

import hashlib
import hmac
import json
from typing import Any

_encode = json.JSONEncoder(ensure_ascii=True, separators=(",", ":")).encode


def meta_dump(value: Any) -> bytes:  # noqa: ANN401  # any JSON value
    r"""Compact JSON in Meta's escaped form: lowercase ``\uXXXX`` for non-ASCII, ``\/`` for ``/``."""
    # "/" cannot occur outside strings in JSON, so a plain replacement is safe.
    return _encode(value).replace("/", "\\/").encode("ascii")


def raw_dump(value: Any) -> bytes:  # noqa: ANN401  # any JSON value
    """The same value as unescaped UTF-8; what a receiver gets when it serialises the decoded JSON again."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def sign_sha256(secret: str, body: bytes) -> str:
    """``X-Hub-Signature-256``: ``sha256=`` and the lowercase hex HMAC over exactly the sent bytes."""
    return "sha256=" + hmac.digest(secret.encode(), body, hashlib.sha256).hex()


def sign_sha1(secret: str, body: bytes) -> str:
    """The legacy ``X-Hub-Signature``, which Meta still sends next to the newer one."""
    return "sha1=" + hmac.digest(secret.encode(), body, hashlib.sha1).hex()
