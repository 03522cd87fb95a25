"""One request and its answer, as reports show it and as curl repeats it."""

from __future__ import annotations

import json as jsonlib
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from reports.results import ExchangeRecord

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx

    from conformance.target.keys import Key

EXCERPT = 600


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
            parts.append(f'-H "{self.key.HEADER}: {self.key.shown}"')
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


def retry_after(exchange: Exchange, default: float = 5.0) -> float:
    """The seconds of `Retry-After`, or `default` when it is missing or not a number."""
    try:
        return float(exchange.answer_headers.get("retry-after", default))
    except ValueError:
        return default
