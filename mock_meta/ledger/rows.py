"""Entries as rows of the ledger's tables, and back."""

import json
from typing import Any

from mock_meta.ledger.entries import Outcome, RequestEntry, WebhookEntry, parsed_body
from mock_meta.ledger.subjects import Subjects

Row = tuple[Any, ...]


def storable(value: Any) -> Any:  # noqa: ANN401  # what SQLite takes
    """A value for SQLite, whose text is UTF-8: what that cannot hold is stored as bytes."""
    if not isinstance(value, str) or value.isascii():
        return value
    try:
        value.encode()
    except UnicodeEncodeError:
        return value.encode("utf-8", "surrogatepass")
    return value


def restored(value: Any) -> Any:  # noqa: ANN401  # what SQLite gives
    return value.decode("utf-8", "surrogatepass") if isinstance(value, bytes) else value


def request_row(one: RequestEntry) -> Row:
    return (
        one.seq,
        one.at,
        one.method,
        one.path,
        json.dumps(one.query) if one.query else "",
        one.version,
        one.operation,
        one.scheme,
        int(one.token_known),
        one.content_type,
        one.raw,
        one.phone_number_id,
        storable(one.to),
        storable(one.type),
        one.wamid,
        one.outcome.value,
        one.status,
        json.dumps(one.error) if one.error else "",
        json.dumps(one.problems) if one.problems else "",
        one.duration,
    )


def request_of(row: Row) -> RequestEntry:
    return RequestEntry(
        seq=row[0],
        at=row[1],
        method=row[2],
        path=row[3],
        query=json.loads(row[4]) if row[4] else {},
        version=row[5],
        operation=row[6],
        scheme=row[7],
        token_known=bool(row[8]),
        content_type=row[9],
        raw=row[10],
        phone_number_id=row[11],
        to=restored(row[12]),
        type=restored(row[13]),
        wamid=row[14],
        outcome=Outcome(row[15]),
        status=row[16],
        error=json.loads(row[17]) if row[17] else None,
        problems=json.loads(row[18]) if row[18] else [],
        duration=row[19],
    )


def webhook_row(one: WebhookEntry) -> Row:
    return (
        one.seq,
        one.at,
        one.delivery,
        one.attempt,
        storable(one.url),
        one.waba_id,
        one.signing,
        one.body,
        one.status,
        storable(one.error),
        one.duration,
        storable(one.answer),
        storable(one.phone_number_id),
        storable(one.field),
    )


def webhook_of(row: Row) -> WebhookEntry:
    return WebhookEntry(
        seq=row[0],
        at=row[1],
        delivery=row[2],
        attempt=row[3],
        url=restored(row[4]),
        waba_id=row[5],
        signing=row[6],
        body=row[7],
        status=row[8],
        error=restored(row[9]),
        duration=row[10],
        answer=restored(row[11]),
        phone_number_id=restored(row[12]),
        field=restored(row[13]),
        subjects=Subjects(parsed_body(row[7])),
    )
