"""What is written down of every message: the same few words on the side that asked and on the side of Meta."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PREFIX = "lt"
"""Begins every nonce; what follows is the run, the worker and a number: `lt8f3a2c-0-17`."""
NONCE = re.compile(rf"\b{PREFIX}[0-9a-f]{{6}}-\d+-\d+\b")


class Outcome(StrEnum):
    """What a user was answered. `unanswered`: nothing, so the message may or may not have been sent."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNANSWERED = "unanswered"


@dataclass(frozen=True, slots=True)
class Asked:
    """A message that a user asked for. `to` are digits, `at` unix time, `batch` the broadcast it is part of."""

    nonce: str
    scenario: str
    to: str
    digest: str
    outcome: str
    at: float
    wamid: str | None = None
    conversation: str | None = None
    batch: str | None = None

    def row(self) -> tuple[Any, ...]:
        """The fields in order; `dataclasses.astuple` copies deeply, which would hold up a busy worker."""
        return (
            self.nonce,
            self.scenario,
            self.to,
            self.digest,
            self.outcome,
            self.at,
            self.wamid,
            self.conversation,
            self.batch,
        )


@dataclass(frozen=True, slots=True)
class Written:
    """A message that a customer wrote in through mock Meta. `sender` are digits, `at` unix time."""

    wamid: str
    nonce: str
    sender: str
    digest: str
    at: float

    def row(self) -> tuple[Any, ...]:
        return self.wamid, self.nonce, self.sender, self.digest, self.at


def digest(*content: str | None) -> str:
    """A short hash of what a message says; equal content has an equal one."""
    return hashlib.blake2b("\x00".join(part or "" for part in content).encode(), digest_size=6).hexdigest()


def text(body: str) -> str:
    return digest("text", body)


def media(kind: str, link: str, caption: str, filename: str | None = None) -> str:
    return digest(kind, link, caption, filename)


def template(name: str, language: str, params: list[str]) -> str:
    return digest("template", name, language, *params)


def at_meta(body: Mapping[str, Any]) -> str:
    """The digest of a request's body as Meta got it (Meta fact sheet, 5)."""
    kind = str(body.get("type", "text"))
    content = body.get(kind)
    if not isinstance(content, dict):
        return digest("no content", kind)
    if kind == "text":
        return text(str(content.get("body")))
    if kind == "template":
        language = content.get("language") or {}
        return template(str(content.get("name")), str(language.get("code")), list(_texts(content)))
    return media(kind, str(content.get("link")), str(content.get("caption") or ""), content.get("filename"))


def _texts(template_: Mapping[str, Any]) -> Iterator[str]:
    for component in template_.get("components") or []:
        for parameter in component.get("parameters") or []:
            yield str(parameter.get("text"))


def nonce_in(raw: str) -> str | None:
    found = NONCE.search(raw)
    return found[0] if found else None
