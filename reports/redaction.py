"""Secrets never leave the process: the one redactor, for what is recorded and for what is printed."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, TextIO, cast
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterable

PLACEHOLDER = "[redacted]"
SHORTEST = 4
"""Characters of the shortest secret that is replaced: shorter ones stand in ordinary words."""
SIGNING_SECRET = re.compile(r"""whsec_([\w+/=-]{8,})|\\*"secret\\*"\s*:\s*\\*"(?:whsec_)?([^"\\\s]{12,})""")
"""A signing secret in an answer: behind its prefix, or as the member `secret`."""
USER_INFO = re.compile(r"""://([^/\s@"'?#]+:[^/\s@"'?#]*)@""")


class Redactor:
    """Knows secrets, and replaces them wherever they stand: as they are, without blanks around, in JSON, in a URL."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._known: set[str] = set()
        self._pattern: re.Pattern[str] | None = None
        self.learn(*secrets)

    def learn(self, *secrets: str) -> None:
        """From now on these are secret."""
        forms = {form for secret in secrets for form in _forms(secret)} - self._known
        if forms:
            self._known |= forms
            longest_first = sorted(self._known, key=len, reverse=True)
            self._pattern = re.compile("|".join(map(re.escape, longest_first)))

    def learn_credentials(self, *texts: str) -> None:
        """From now on every `user:password` of a URL in these texts is secret."""
        for text in texts:
            for found in USER_INFO.finditer(text):
                self.learn(found[1])

    def text(self, text: str) -> str:
        self._learn_signing_secrets(text)
        return self._replaced(text)

    def data(self, value: Any) -> Any:  # noqa: ANN401 - JSON
        """The same JSON value without secrets; one that a part of it gives away is replaced in all parts."""
        for text in _texts(value):
            self._learn_signing_secrets(text)
        return self._without(value)

    def _without(self, value: Any) -> Any:  # noqa: ANN401 - JSON
        if isinstance(value, dict):
            return {self._without(name): self._without(inner) for name, inner in value.items()}
        if isinstance(value, list | tuple):
            return [self._without(inner) for inner in value]
        return self._replaced(value) if type(value) is str else value

    def _learn_signing_secrets(self, text: str) -> None:
        if "secret" in text or "whsec_" in text:
            self.learn(*(found[1] or found[2] for found in SIGNING_SECRET.finditer(text)))

    def _replaced(self, text: str) -> str:
        return text if self._pattern is None else self._pattern.sub(PLACEHOLDER, text)


class RedactedStream:
    """A text stream that writes no secret: stands for `sys.stdout` and `sys.stderr`."""

    def __init__(self, stream: TextIO, redactor: Redactor) -> None:
        self._stream, self._redactor = stream, redactor

    def write(self, text: str) -> int:
        self._stream.write(self._redactor.text(text))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - all else is the stream's
        return getattr(self._stream, name)


def redacted(stream: TextIO, redactor: Redactor) -> TextIO:
    """The stream without secrets."""
    return cast("TextIO", RedactedStream(stream, redactor))


def _forms(secret: str) -> set[str]:
    bare = secret.strip()
    if len(bare) < SHORTEST:
        return set()
    return {bare, json.dumps(bare)[1:-1], json.dumps(bare, ensure_ascii=False)[1:-1], quote(bare, safe=""), quote(bare)}


def _texts(value: Any) -> Iterable[str]:  # noqa: ANN401 - JSON
    if isinstance(value, dict):
        value = [*value, *value.values()]
    if isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)
    elif isinstance(value, str):
        yield value
