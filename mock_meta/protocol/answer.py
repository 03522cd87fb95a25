"""What goes back to the caller: status, body, and the headers Graph puts on everything (fact sheet 3.3)."""

from collections.abc import Mapping
from hashlib import md5
from typing import Any

import msgspec

from mock_meta.protocol.call import DEFAULT_VERSION, Call
from mock_meta.protocol.connection import Headers
from mock_meta.protocol.errors import ErrorBody, envelope
from mock_meta.protocol.ids import Ids
from mock_meta.protocol.signature import meta_dump

_ALWAYS: Headers = [
    (b"access-control-allow-origin", b"*"),
    (b"vary", b"Origin, Accept-Encoding"),
    (b"strict-transport-security", b"max-age=15552000; preload"),
    (b"pragma", b"no-cache"),
    (b"expires", b"Sat, 01 Jan 2000 00:00:00 GMT"),
    (b"alt-svc", b'h3=":443"; ma=86400'),
    (b"cross-origin-resource-policy", b"cross-origin"),
]
_KEPT: Headers = [(b"connection", b"keep-alive")]
_JSON = "application/json; charset=UTF-8"
_FRESH = (b"cache-control", b"private, no-cache, no-store, must-revalidate")
_NEVER = (b"cache-control", b"no-store")
_TOKEN_CODES = frozenset({0, 190})
_LONGEST_REASON = 1024  # clients limit what they read as headers, and a refusal may repeat what was sent
_REVISION = b"1029384756"


class Answer(msgspec.Struct, frozen=True, gc=False):
    """A reply before Graph's own headers. ``document`` is JSON; ``content`` with its type wins over it."""

    document: Any = None
    status: int = 200
    content: bytes | None = None
    content_type: str = _JSON
    error: ErrorBody | None = None
    headers: Mapping[str, str] = msgspec.field(default_factory=dict)
    wamid: str | None = None


class Wire(msgspec.Struct, frozen=True, gc=False):
    """The reply as it goes out."""

    status: int
    headers: Headers
    body: bytes


def ok(document: Any) -> Answer:  # noqa: ANN401  # any JSON value
    return Answer(document)


def success() -> Answer:
    return Answer({"success": True})


def failed(body: ErrorBody) -> Answer:
    return Answer(status=body.http, error=body)


def to_wire(answer: Answer, call: Call, ids: Ids) -> Wire:
    """Serialise an answer. The trace id in the error body is the one in ``x-fb-request-id``."""
    request, trace, debug = ids.traces()
    body = _body(answer, request)
    headers = [
        (b"content-type", answer.content_type.encode("latin-1")),
        *_ALWAYS,
        _NEVER if answer.error else _FRESH,
        (b"x-fb-request-id", request),
        (b"x-fb-trace-id", trace),
        (b"x-fb-rev", _REVISION),
        (b"x-fb-debug", debug),
        (b"content-length", b"%d" % len(body)),
    ]
    if answer.headers:
        headers += [(name.encode(), value.encode("latin-1", "replace")) for name, value in answer.headers.items()]
    if call.headers.get("connection", "").lower() != "close":
        headers += _KEPT
    return Wire(answer.status, headers + _conditional(answer, call, body), body)


def _body(answer: Answer, trace: bytes) -> bytes:
    if answer.error is not None:
        return meta_dump(envelope(answer.error, trace.decode()))
    return answer.content if answer.content is not None else meta_dump(answer.document)


def _conditional(answer: Answer, call: Call, body: bytes) -> Headers:
    extra: Headers = []
    error = answer.error
    if error is None or error.code not in _TOKEN_CODES or error.subcode is not None:
        extra.append((b"facebook-api-version", (call.at.version or DEFAULT_VERSION).encode()))
    if error is not None:
        reason = "invalid_token" if error.code in _TOKEN_CODES else "invalid_request"
        challenge = f'OAuth "Facebook Platform" "{reason}" "{_quoted(error.message)}"'
        extra.append((b"www-authenticate", challenge.encode("latin-1", "replace")))
    elif call.method == "GET":
        extra.append((b"etag", b'"' + md5(body, usedforsecurity=False).hexdigest().encode() + b'"'))
    return extra


def _quoted(text: str) -> str:
    """A header value cannot hold line breaks, and Graph drops the quotes inside."""
    short = text[:_LONGEST_REASON]
    return "".join(letter for letter in short if letter.isprintable()).replace('"', "")
