"""The two kinds of evidence: a call to the Graph API, and an attempt to deliver a webhook."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Annotated, Any, ClassVar

import msgspec

from mock_meta.ledger.subjects import Subjects
from mock_meta.protocol.numbers import whatsapp_id
from mock_meta.protocol.strict_json import parse_json

RAW_LIMIT = 64 * 1024
AnyText = Annotated[str, "may hold lone surrogates"]


class Kind(StrEnum):
    REQUEST = "request"
    WEBHOOK = "webhook"


class Outcome(StrEnum):
    ACCEPTED = "accepted"
    REFUSED = "refused"
    FAULT = "fault"


class RequestEntry(msgspec.Struct, kw_only=True, gc=False):
    """One call to the Graph API; each field is a column of the ledger's table (``rows``), in this order.

    ``duration`` in seconds, set when the answer is out; ``seq`` by the ledger.
    """

    kind: ClassVar[Kind] = Kind.REQUEST

    seq: int = 0
    at: float
    method: str
    path: str
    query: Mapping[str, str]
    version: str | None
    operation: str
    scheme: str | None
    token_known: bool
    content_type: str
    raw: bytes
    phone_number_id: str | None
    to: AnyText | None
    type: AnyText | None
    wamid: str | None
    outcome: Outcome
    status: int | None
    error: Mapping[str, Any] | None
    problems: list[str]
    duration: float | None = None

    def about(self) -> Iterator[str | int]:
        """The message, and the person as sent and as WhatsApp calls him."""
        if self.wamid:
            yield self.wamid
        if self.to:
            digits = digits_in(self.to)
            yield person_key(digits)
            known_as = whatsapp_id(digits)
            if known_as != digits:
                yield person_key(known_as)

    def shown(self) -> dict[str, Any]:
        return {
            "seq": self.seq,
            "kind": self.kind,
            "at": self.at,
            "method": self.method,
            "path": self.path,
            "query": self.query,
            "version": self.version,
            "operation": self.operation,
            "authorization": {"scheme": self.scheme, "known": self.token_known},
            "content_type": self.content_type,
            "body": parsed_body(self.raw),
            "raw": self.raw[:RAW_LIMIT].decode("utf-8", "replace"),
            "phone_number_id": self.phone_number_id,
            "to": self.to,
            "type": self.type,
            "wamid": self.wamid,
            "outcome": self.outcome,
            "status": self.status,
            "error": self.error,
            "problems": self.problems,
            "duration": self.duration,
        }


class WebhookEntry(msgspec.Struct, kw_only=True, gc=False):
    """One attempt to deliver a webhook. ``status`` None with ``error`` when nothing answered; ``answer`` is its text."""

    kind: ClassVar[Kind] = Kind.WEBHOOK

    seq: int = 0
    at: float
    delivery: int
    attempt: int
    url: AnyText
    waba_id: str
    signing: str
    body: bytes
    status: int | None
    error: AnyText | None
    duration: float
    answer: AnyText
    phone_number_id: AnyText | None
    field: AnyText
    subjects: Subjects

    def about(self) -> Iterator[str | int]:
        """The messages and the people that the payload names."""
        yield from self.subjects.wamids
        for person in self.subjects.people:
            yield person_key(person)

    def shown(self) -> dict[str, Any]:
        return {
            "seq": self.seq,
            "kind": self.kind,
            "at": self.at,
            "delivery_id": delivery_id(self.delivery),
            "attempt": self.attempt,
            "url": self.url,
            "waba_id": self.waba_id,
            "signing": self.signing,
            "field": self.field,
            "phone_number_id": self.phone_number_id,
            "wamids": list(self.subjects.wamids),
            "statuses": self.subjects.statuses,
            "status": self.status,
            "error": self.error,
            "duration": self.duration,
            "payload": parsed_body(self.body),
        }


Entry = RequestEntry | WebhookEntry


def delivery_id(number: int) -> str:
    return f"delivery-{number}"


def digits_in(text: str) -> str:
    return text if text.isdigit() else "".join(letter for letter in text if letter.isdigit())


def person_key(digits: str) -> str | int:
    """What the ledger's index calls a person: eight bytes where they hold the digits, and no wamid's type."""
    return int(f"1{digits}") if digits.isascii() and digits.isdigit() and len(digits) <= _LONGEST else f"+{digits}"


_LONGEST = 17


def parsed_body(body: bytes) -> Any:  # noqa: ANN401  # JSON goes out
    """The JSON of a body; None when it is none."""
    try:
        return parse_json(body) if body else None
    except ValueError:
        return None
