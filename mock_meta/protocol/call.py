"""One request to the Graph API, taken apart once (fact sheet 3.1, 3.2)."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from mock_meta.protocol.multipart import read_multipart
from mock_meta.protocol.strict_json import decoded, parse_json

DEFAULT_VERSION = "v21.0"
DOWNLOAD_NODE = "whatsapp_business"
"""The first segment of download URLs, which carry no version."""
_VERSION = re.compile(r"v\d{1,2}\.\d\Z")
_ALMOST_VERSION = re.compile(r"v\d", re.IGNORECASE)
_UPLOAD = "upload:"
_PROOF = "appsecret_proof"
_BODY_METHODS = frozenset({"POST", "PUT", "PATCH", "DELETE"})


_MIB = 1024 * 1024
MOST_FILE_BYTES, _MOST_JSON_BYTES = 101 * _MIB, 3 * _MIB
"""Of a body with a file, whose largest kind, a document, has 100 MB; of any other, as large as Meta's own POSTs (8, 15.4)."""


class Path(msgspec.Struct, frozen=True, gc=False):
    """``/v21.0/{node}/{edge}``; ``extra`` is what Graph calls unknown path components."""

    version: str | None
    node: str
    edge: str
    extra: str


class Credential(msgspec.Struct, frozen=True, gc=False):
    """The token and how it came: ``Bearer``, ``OAuth``, ``query``, ``body`` or a scheme Meta does not know, or None.

    ``proof`` is the ``appsecret_proof`` that came with it (Meta: securing Graph API requests).
    """

    scheme: str | None
    token: str | None
    proof: str | None = None


class Call(msgspec.Struct, frozen=True, gc=False):
    """A parsed request. ``params`` is query and body together; ``problems`` is what is ill-formed about it."""

    method: str
    path: str
    at: Path
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    params: Mapping[str, Any]
    readable: bool
    credential: Credential
    origin: str
    problems: list[str] = msgspec.field(default_factory=list)

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "")


def read_call(scope: Mapping[str, Any], body: bytes) -> Call:
    """The call behind an ASGI http scope and its whole body."""
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    raw_query = scope["query_string"].decode("latin-1")
    query = dict(parse_qsl(raw_query, keep_blank_values=True)) if raw_query else {}
    problems: list[str] = []
    at, unusual = read_path(scope["path"])
    problems += unusual
    method = query.pop("method", scope["method"]).upper() if query else scope["method"]
    params, readable = _params(headers, query, body, problems, at) if method in _BODY_METHODS else (query, True)
    sessions = at.node.startswith(_UPLOAD) or at.edge == "uploads"
    credential = _credential(headers, query, params, problems, sessions=sessions)
    proof = params.get(_PROOF)
    if proof:
        credential = msgspec.structs.replace(credential, proof=str(proof))
        params = {name: value for name, value in params.items() if name != _PROOF}
    origin = f"{scope['scheme']}://{headers.get('host', 'graph.facebook.com')}"
    return Call(method, scope["path"], at, query, headers, body, params, readable, credential, origin, problems)


def most_bytes(path: str) -> int:
    """What a body may have: uploads carry files."""
    return MOST_FILE_BYTES if path.endswith("/media") or _UPLOAD in path else _MOST_JSON_BYTES


@lru_cache(maxsize=1024)
def read_path(path: str) -> tuple[Path, tuple[str, ...]]:
    """The parts of a path, and what is wrong with it. An upload session's id has slashes at will: it takes the whole rest."""
    problems: tuple[str, ...] = ()
    parts = [part for part in path.split("/") if part]
    version = parts.pop(0) if parts and _VERSION.match(parts[0]) else None
    if version is None and not (parts and parts[0] == DOWNLOAD_NODE):
        near = parts and _ALMOST_VERSION.match(parts[0])
        problems = (f"path: {parts[0]!r} is not a version like v21.0" if near else "path: no version segment",)
    if parts and parts[0].startswith(_UPLOAD):
        return Path(version, "/".join(parts), "", ""), problems
    padded = [*parts, "", ""]
    return Path(version, padded[0], padded[1], "/".join(parts[2:])), problems


def _credential(
    headers: Mapping[str, str], query: dict[str, str], params: Mapping[str, Any], problems: list[str], *, sessions: bool
) -> Credential:
    """A parameter ``access_token`` wins over the header, where both are there."""
    header, given = headers.get("authorization"), params.get("access_token")
    scheme, token = _authorization(header, problems, sessions=sessions) if header is not None else (None, None)
    if given and given != token:
        place = "query" if "access_token" in query else "body"
        if header is None and not sessions:
            problems.append(f"authorization: token in the {place}, not in a Bearer header")
        return Credential(place, str(given))
    if header is None:
        problems.append("authorization: no token")
    return Credential(scheme, token)


def _authorization(header: str, problems: list[str], *, sessions: bool) -> tuple[str, str | None]:
    scheme, _, token = header.partition(" ")
    if scheme not in {"Bearer", "OAuth"}:
        problems.append(f"authorization: scheme {scheme!r} is not Bearer")
    elif scheme == "OAuth" and not sessions:
        problems.append("authorization: scheme OAuth is for upload sessions only")
    known = scheme.lower() in {"bearer", "oauth"}
    return scheme, token.strip() if known and token.strip() else None


def _params(
    headers: Mapping[str, str], query: dict[str, Any], body: bytes, problems: list[str], at: Path
) -> tuple[Mapping[str, Any], bool]:
    if at.node.startswith(_UPLOAD):  # a file's bytes, whatever a client calls them
        return query, True
    if query:
        query = {name: decoded(text) for name, text in query.items()}
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json":
        return _json_params(query, body, problems)
    if kind == "application/x-www-form-urlencoded":
        problems.append("content-type: a form, not application/json")
        return query | _form_values(body), True
    if kind == "multipart/form-data":
        if at.edge != "media":
            problems.append("content-type: a form, not application/json")
        return _multipart_params(headers["content-type"], query, body, problems)
    if body:
        problems.append(f"content-type: {kind or 'none'!s}, not application/json")
    return query, True


def _json_params(query: dict[str, str], body: bytes, problems: list[str]) -> tuple[Mapping[str, Any], bool]:
    if not body:
        return query, True
    try:
        document = parse_json(body)
    except ValueError:
        problems.append("body: not JSON")
        return query, False
    if not isinstance(document, dict):
        problems.append(f"body: JSON {type(document).__name__}, not an object")
        return query, False
    return (query | document if query else document), True


def _multipart_params(
    content_type: str, query: dict[str, str], body: bytes, problems: list[str]
) -> tuple[Mapping[str, Any], bool]:
    """Files stay the parts they are."""
    try:
        parts = read_multipart(content_type, body)
    except ValueError as problem:
        problems.append(f"body: {problem}")
        return query, False
    fields = {name: decoded(part.text) if part.filename is None else part for name, part in parts.items()}
    return query | fields, True


def _form_values(body: bytes) -> dict[str, Any]:
    pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
    return {name: decoded(text) for name, text in pairs}
