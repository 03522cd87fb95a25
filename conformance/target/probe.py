"""The one seam through which all traffic to the target goes: guarded, recorded, attributed, reproducible as curl."""

from __future__ import annotations

import json as jsonlib
import re
import shlex
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import httpx

from conformance.target.expect import Lacking, Starved
from conformance.target.keys import Key, Role
from conformance.target.numbers import is_fictional
from reports.results import ExchangeRecord

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.target.keys import KeyPool

MAX_BODY = 8 * 2**20
"""Bytes of an answer that are read: a page of 100 rows is far below a mebibyte."""
EXCERPT = 600
RETRIES_AFTER_429 = 4


@dataclass(frozen=True)
class Exchange:
    """One request and its answer. `status` is None and `trouble` says why when there was no (whole) answer.

    `at` is on `time.monotonic`'s clock, in seconds; `key` is None for a request without a key of ours.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    key: Key | None
    status: int | None
    answer_headers: httpx.Headers
    content: bytes
    at: float
    seconds: float
    trouble: str | None = None

    @property
    def sent(self) -> str:
        """The request's body as text."""
        return self.body.decode("utf-8", "replace")

    @property
    def text(self) -> str:
        """The answer's body as text."""
        return self.content.decode("utf-8", "replace")

    @property
    def excerpt(self) -> str:
        """The beginning of the body, on one line, for a sentence."""
        text = " ".join(self.text.split())
        return text if len(text) <= EXCERPT else f"{text[:EXCERPT]}… ({len(self.content)} bytes)"

    @property
    def summary(self) -> str:
        return f"HTTP {self.status}: {self.excerpt or '(no body)'}" if self.trouble is None else self.trouble

    def json(self) -> Any:  # noqa: ANN401 - JSON
        """The body as JSON, or None when it is none."""
        try:
            return jsonlib.loads(self.content)
        except ValueError:
            return None

    @property
    def curl(self) -> str:
        """A command line that sends the request again; keys stand as shell variables, the origin as `$WACRM_URL`."""
        parts = ["curl", "-sS", "-i"]
        if self.method != "GET":
            parts += ["-X", self.method]
        if self.key is not None:
            parts.append(f'-H "Authorization: {self.key.shown}"')
        parts += [f"-H {shlex.quote(f'{name}: {value}')}" for name, value in self.headers.items()]
        if self.body:
            parts.append(_curl_body(self.body))
        split = urlsplit(self.url)
        rest = split.path + (f"?{split.query}" if split.query else "")
        return " ".join([*parts, f'"$WACRM_URL"{shlex.quote(rest)}'])

    def recorded(self) -> ExchangeRecord:
        """The form that reports carry."""
        body = self.text if len(self.content) <= 20_000 else f"{self.text[:20_000]}…"  # noqa: PLR2004
        shown = {k: v for k, v in self.answer_headers.items() if k.lower() != "set-cookie"}
        return ExchangeRecord(self.curl, self.status, shown, body, round(self.seconds, 4), self.trouble)


def _curl_body(body: bytes) -> str:
    try:
        text = body.decode()
    except UnicodeDecodeError:
        text = "\0"
    if "\0" not in text:
        return f"--data-raw {shlex.quote(text)}"
    octal = "".join(f"\\{byte:03o}" for byte in body)
    return f"--data-binary @<(printf '{octal}')"


class NoAnswerError(Exception):
    """The target gave no usable answer: refused, cut, too slow, too large. Verdict `error`."""

    def __init__(self, exchange: Exchange) -> None:
        super().__init__(f"{exchange.method} {exchange.url}: {exchange.trouble}")
        self.exchange = exchange


class NotFictionalError(Exception):
    """A check tried to send to a number outside the ranges reserved for fiction; a defect of the harness."""


@dataclass
class Probe:
    """Sends one request at a time per thread and keeps what happened.

    `armed` is set by the interlock; until then nothing that could send a WhatsApp message leaves (decision 4).
    """

    base_url: str
    timeout: float = 30.0
    verify: bool | str = True
    armed: bool = False
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
        exchange = self._exchange(request, body, shown, key)
        self.count += 1
        self.trail.append(exchange)
        if exchange.trouble is not None:
            raise NoAnswerError(exchange)
        return exchange

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
        if method.upper() != "POST" or not _may_send(path):
            return
        if not self.armed:
            raise Lacking(f"nothing that may send a message leaves: {self.unarmed_reason}")
        for number in _recipients(body):
            if not is_fictional(number):
                raise NotFictionalError(f"{number} is outside the ranges reserved for fiction")

    def close(self) -> None:
        self.client.close()


def _private(headers: dict[str, str], key: Key | None) -> dict[str, str]:
    return headers if key is None else {**headers, "Authorization": key.authorization}


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


def _may_send(path: str) -> bool:
    plain = unquote(path.split("?", maxsplit=1)[0]).rstrip("/").lower()
    return plain.rsplit("/", 1)[-1] in {"messages", "broadcasts"}


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


@dataclass(frozen=True)
class Api:
    """The target's API as one role sees it: every call draws on the role's budget and survives an early 429.

    `api.get("/contacts", limit=2)`, `api.post("/contacts", {"phone": …})`, `api.as_role(Role.NONE)`, `api.call("PUT", …)`.
    """

    probe: Probe
    pool: KeyPool
    role: str = Role.FULL

    def as_role(self, role: str) -> Api:
        """The same API with another role's keys; `Lacking` when the target file gives none."""
        if not self.pool.has(role):
            raise Lacking(f"the target file gives no key for keys.{role.replace(':', '.', 1)}")
        return Api(self.probe, self.pool, role)

    def call(self, method: str, path: str, **request: Any) -> Exchange:  # noqa: ANN401 - as Probe.send
        """`Probe.send` with a key of the role. After repeated 429s: `Starved`."""
        for _ in range(RETRIES_AFTER_429):
            key = self.pool.lend(self.role)
            exchange = self.probe.send(method, path, key=key, **request)
            if exchange.status != 429:  # noqa: PLR2004
                return exchange
            self.pool.refused(key, retry_after(exchange))
        raise Starved(f"rate limited away: {method} {path} got 429 {RETRIES_AFTER_429} times, each with budget left")

    def get(self, path: str, **params: Any) -> Exchange:  # noqa: ANN401 - query values
        return self.call("GET", path, params=params or None)

    def post(self, path: str, json: Any) -> Exchange:  # noqa: ANN401 - JSON
        return self.call("POST", path, json=json)

    def patch(self, path: str, json: Any) -> Exchange:  # noqa: ANN401 - JSON
        return self.call("PATCH", path, json=json)

    def delete(self, path: str) -> Exchange:
        return self.call("DELETE", path)


def retry_after(exchange: Exchange, default: float = 5.0) -> float:
    """The seconds of `Retry-After`, or `default` when it is missing or not a number."""
    try:
        return float(exchange.answer_headers.get("retry-after", default))
    except ValueError:
        return default
