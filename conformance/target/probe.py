"""The one seam through which all traffic to the target goes: guarded, recorded, attributed, reproducible as curl."""

from __future__ import annotations

import json as jsonlib
import re
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import httpx

from conformance.target.exchange import Exchange
from conformance.target.numbers import is_fictional
from conformance.target.verdicts import Lacking, NoAnswerError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from conformance.target.keys import Key

MAX_BODY = 8 * 2**20
"""Bytes of an answer that are read: a page of 100 rows is far below a mebibyte."""


class NotFictionalError(Exception):
    """A check tried to send to a number outside the ranges reserved for fiction; a defect of the harness."""


@dataclass
class Probe:
    """Sends one request at a time per thread and keeps what happened.

    `sends` are the last path segments of POSTs that may send a message; None takes every POST for one. `armed` is set by
    the interlock; until then none of them leaves, and afterwards only to numbers that reach nobody.
    """

    base_url: str
    timeout: float = 30.0
    verify: bool | str = True
    sends: Collection[str] | None = None
    armed: bool = False
    listener: Callable[[Exchange], None] | None = None
    unarmed_reason: str = "the interlock has not been closed"
    trail: deque[Exchange] = field(default_factory=lambda: deque(maxlen=400))
    count: int = 0
    refused_in_a_row: int = 0
    client: httpx.Client = field(init=False, repr=False)

    def __post_init__(self) -> None:
        # a connection for each request: one that the target closes while it idles would look like a missing answer
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
        context: Any = self.verify
        if isinstance(self.verify, str):
            import ssl  # noqa: PLC0415 - only for a private CA

            context = ssl.create_default_context(cafile=self.verify)
        self.client = httpx.Client(verify=context, limits=limits, timeout=self.timeout, trust_env=False)

    def send(
        self,
        method: str,
        path: str,
        *,
        key: Key | None = None,
        params: Mapping[str, Any] | None = None,
        json: Any = None,  # noqa: ANN401 - JSON
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
    ) -> Exchange:
        """Send `method base_url+path`. Raises `NoAnswerError`, or `Lacking` when it might send before the interlock."""
        body = content if content is not None else b"" if json is None else _dump(json)
        shown = dict(headers or {})
        if body and not any(name.lower() == "content-type" for name in shown):
            shown["Content-Type"] = "application/json"
        self._guard(method, path, body)
        request = self.client.build_request(
            method,
            self.base_url + path,
            params=params,
            content=body or None,
            headers=_private(shown, key),
            timeout=timeout or self.timeout,
        )
        return self.recorded(self._exchange(request, body, shown, key))[0]

    def recorded(self, *exchanges: Exchange) -> list[Exchange]:
        """Count and keep them. Raises `NoAnswerError` for the first without a whole answer."""
        self.count += len(exchanges)
        self.trail.extend(exchanges)
        if self.listener is not None:
            for exchange in exchanges:
                self.listener(exchange)
        for exchange in exchanges:
            if exchange.trouble is not None:
                raise NoAnswerError(exchange)
        return list(exchanges)

    def _exchange(self, request: httpx.Request, body: bytes, shown: dict[str, str], key: Key | None) -> Exchange:
        started = time.monotonic()
        status, answer_headers, content, trouble = self._receive(request, started)
        refused = trouble is not None and trouble.startswith("connection refused")
        self.refused_in_a_row = self.refused_in_a_row + 1 if refused else 0
        seconds = time.monotonic() - started
        return Exchange(
            request.method,
            str(request.url),
            shown,
            body,
            key,
            status,
            answer_headers,
            content,
            started,
            seconds,
            trouble,
        )

    def _receive(self, request: httpx.Request, started: float) -> tuple[int | None, httpx.Headers, bytes, str | None]:
        deadline = started + (request.extensions["timeout"]["read"] or self.timeout)
        try:
            response = self.client.send(request, stream=True)
        except httpx.ConnectError as error:
            return None, httpx.Headers(), b"", f"connection refused or impossible ({error})"
        except httpx.HTTPError as error:
            return (
                None,
                httpx.Headers(),
                b"",
                f"no answer: {type(error).__name__} after {time.monotonic() - started:.1f} s ({error})",
            )
        try:
            content, trouble = _read(response, deadline)
        finally:
            response.close()
        return response.status_code, response.headers, content, trouble

    def _guard(self, method: str, path: str, body: bytes) -> None:
        if method.upper() != "POST" or not self._may_send(path):
            return
        if not self.armed:
            raise Lacking(f"nothing that may send a message leaves: {self.unarmed_reason}")
        for number in _recipients(body):
            if not is_fictional(number):
                raise NotFictionalError(f"{number} is outside the ranges reserved for fiction")

    def _may_send(self, path: str) -> bool:
        plain = unquote(path.split("?", maxsplit=1)[0]).rstrip("/").lower()
        return self.sends is None or plain.rsplit("/", 1)[-1] in self.sends

    def close(self) -> None:
        self.client.close()


def _private(headers: dict[str, str], key: Key | None) -> dict[str, str]:
    return headers if key is None else {**headers, key.HEADER: key.authorization}


def _dump(value: Any) -> bytes:  # noqa: ANN401 - JSON
    try:
        return jsonlib.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:  # a lone surrogate travels as its escape
        return jsonlib.dumps(value).encode()


def _read(response: httpx.Response, deadline: float) -> tuple[bytes, str | None]:
    chunks, size = [], 0
    try:
        for chunk in response.iter_bytes():
            chunks.append(chunk)
            size += len(chunk)
            if size > MAX_BODY:
                return b"".join(chunks)[:MAX_BODY], f"an answer of more than {MAX_BODY // 2**20} MiB"
            if time.monotonic() > deadline:
                return b"".join(chunks), f"an answer that does not end ({size} bytes so far)"
    except httpx.HTTPError as error:
        return b"".join(chunks), f"the body ended wrongly: {type(error).__name__} ({error})"
    return b"".join(chunks), None


def _recipients(body: bytes) -> list[str]:
    """Every string in the body that a lenient deployment might dial: `to`, at any depth, seven digits or more."""
    try:
        found = _to_members(jsonlib.loads(body)) if body else []
    except (ValueError, RecursionError):
        return []
    numbers = [re.sub(r"[\s().-]", "", str(value)) for value in found]
    return [n for n in numbers if re.fullmatch(r"\+?\d{7,15}", n)]


def _to_members(value: Any) -> list[Any]:  # noqa: ANN401 - JSON
    if isinstance(value, dict):
        own = [value["to"]] if isinstance(value.get("to"), str | int) else []
        return own + [found for inner in value.values() for found in _to_members(inner)]
    if isinstance(value, list):
        return [found for inner in value for found in _to_members(inner)]
    return []
