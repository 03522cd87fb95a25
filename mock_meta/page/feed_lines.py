"""An entry of the ledger as the live page shows it: one line of the feed, or one step of a message's timeline."""

from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any

import msgspec

from mock_meta.ledger.entries import Entry, Outcome, RequestEntry, WebhookEntry, parsed_body
from mock_meta.ledger.subjects import changes_in, objects_in

_FAILED = "failed"
_BY_A_FAULT = {"message": "by a fault"}


class Part(msgspec.Struct, frozen=True):
    """A status or message of a webhook, or what Meta says of the account in ``value.errors`` (fact sheet 16)."""

    member: str
    item: Mapping[str, Any]

    @property
    def wamid(self) -> object:
        return self.item.get("id")

    @property
    def person(self) -> object:
        name = "to" if self.member == "message_echoes" else "from"
        return self.item.get("recipient_id", self.item.get(name))

    @property
    def errors(self) -> list[Mapping[str, Any]]:
        return [self.item] if self.member == "errors" else objects_in(self.item.get("errors"))

    @property
    def bad(self) -> bool:
        return bool(self.errors) or self.item.get("status") == _FAILED


def line_of(entry: Entry, wamid: str | None = None) -> dict[str, Any]:
    """``errors`` in words, ``good`` if there is nothing to look into; of a batch only what concerns ``wamid``, if given."""
    return _request(entry) if isinstance(entry, RequestEntry) else _webhook(entry, parts_of(entry, wamid))


def step_of(entry: Entry, wamid: str | None) -> dict[str, Any]:
    """A line with what a timeline shows beyond it: the errors' details, a signature made wrong on purpose, the content."""
    if isinstance(entry, RequestEntry):
        details = (entry.error or {}).get("details")
        return {**_request(entry), "details": [details] if details else [], "content": parsed_body(entry.raw)}
    parts = parts_of(entry, wamid)
    errors = [error for part in parts for error in part.errors]
    more = {"details": _details(errors), "signing": entry.signing, "content": parsed_body(entry.body)}
    return {**_webhook(entry, parts), **more}


def parts_of(entry: WebhookEntry, wamid: str | None = None) -> list[Part]:
    """What the webhook says, failures first; about one message if ``wamid`` is given."""
    parts = [part for part in _parts(parsed_body(entry.body)) if wamid is None or part.wamid == wamid]
    return sorted(parts, key=lambda part: not part.bad)


def _parts(payload: object) -> Iterator[Part]:
    """Tolerates payloads that are deliberately malformed."""
    for change in changes_in(payload):
        for value in objects_in([change.get("value")]):
            for member in ("statuses", "messages", "message_echoes", "errors"):
                yield from (Part(member, item) for item in objects_in(value.get(member)))


def _request(entry: RequestEntry) -> dict[str, Any]:
    error = entry.error or (_BY_A_FAULT if entry.outcome is Outcome.FAULT else None)
    return {
        "seq": entry.seq, "at": entry.at, "kind": "request", "what": entry.type or entry.operation,
        "operation": entry.operation, "people": [entry.to] if entry.to else [], "wamids": [entry.wamid] if entry.wamid else [],
        "phone": entry.phone_number_id, "good": entry.outcome is Outcome.ACCEPTED, "answered": entry.status, "unanswered": None,
        "errors": [_in_words(error)] if error else [], "seconds": entry.duration,
    }  # fmt: skip


def _webhook(entry: WebhookEntry, parts: Sequence[Part]) -> dict[str, Any]:
    names = [str(part.item.get("status")) for part in parts if part.member == "statuses"]
    messages = any(part.member == "messages" for part in parts)
    return {
        "seq": entry.seq, "at": entry.at, "kind": "webhook", "many": max(len(names), 1),
        "what": ", ".join(dict.fromkeys(names)) or ("message" if messages else entry.field),
        "people": _texts(part.person for part in parts), "wamids": _texts(part.wamid for part in parts),
        "phone": entry.phone_number_id, "answered": entry.status, "unanswered": entry.error, "attempt": entry.attempt,
        "good": entry.status == HTTPStatus.OK and not any(part.bad for part in parts),
        "errors": list(dict.fromkeys(_in_words(error) for part in parts for error in part.errors)), "seconds": entry.duration,
    }  # fmt: skip


def _texts(values: Iterator[object]) -> list[str]:
    return list(dict.fromkeys(value for value in values if isinstance(value, str)))


def _in_words(error: Mapping[str, Any]) -> str:
    """Code and text; Meta puts the code into most refusals' texts itself."""
    text, code = str(error.get("title") or error.get("message") or ""), error.get("code")
    return text if code is None or str(code) in text else f"{code} {text}".rstrip()


def _details(errors: list[Mapping[str, Any]]) -> list[str]:
    """What ``error_data`` adds to the title."""
    data = [(error, one.get("details")) for error in errors for one in objects_in([error.get("error_data")])]
    return _texts(details for error, details in data if details != error.get("title"))
