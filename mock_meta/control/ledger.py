"""``/_control/ledger``: the evidence."""

import json
from collections.abc import AsyncIterator
from dataclasses import fields
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse

from mock_meta.control.bodies import mock_of
from mock_meta.control.errors import ControlError, suggestion
from mock_meta.graph.table import OPERATIONS
from mock_meta.ledger.entries import Kind, Outcome
from mock_meta.ledger.ledger import Ledger
from mock_meta.ledger.store import Query
from mock_meta.protocol.numbers import whole
from mock_meta.protocol.strict_json import AsciiJson

_MAX = 10_000
_DEFAULT = 1000
_CHOICES = {"kind": frozenset(Kind), "outcome": frozenset(Outcome), "operation": OPERATIONS}

router = APIRouter()


@router.get("/ledger")
async def find(request: Request) -> AsciiJson:
    ledger = mock_of(request).ledger
    entries = ledger.find(read_query(dict(request.query_params)))
    return AsciiJson({"entries": [entry.shown() for entry in entries], "last_seq": ledger.last_seq})


@router.get("/ledger.ndjson")
async def export(request: Request) -> StreamingResponse:
    """Every matching entry, one JSON object per line, without a limit unless asked for."""
    ledger = mock_of(request).ledger
    query = read_query({"limit": str(1 << 40), **request.query_params}, most=1 << 40)
    return StreamingResponse(_lines(ledger, query), media_type="application/x-ndjson")


async def _lines(ledger: Ledger, query: Query) -> AsyncIterator[str]:
    """A chunk at a time, so that calls are answered in between."""
    for chunk in ledger.chunks(query):
        yield "".join(json.dumps(entry.shown(), separators=(",", ":")) + "\n" for entry in chunk)


def read_query(given: dict[str, str], most: int = _MAX) -> Query:
    """Raises ControlError for unknown parameters and values that cannot be meant."""
    names = [field.name for field in fields(Query)]
    for name in given:
        if name not in names:
            raise ControlError(f"unknown parameter {name!r}{suggestion(name, names)}")
    for name, choices in _CHOICES.items():
        if name in given and given[name] not in choices:
            raise ControlError(f"{name}: no {name} {given[name]!r}{suggestion(given[name], choices)}")
    texts: dict[str, Any] = {name: value for name, value in given.items() if name not in {"since", "limit"}}
    since, limit = whole_number(given, "since", 0), min(whole_number(given, "limit", _DEFAULT), most)
    return Query(**texts, since=since, limit=limit)


def whole_number(given: dict[str, str], name: str, default: int) -> int:
    """Raises ControlError when the parameter is no number from 0 up."""
    text = given.get(name, str(default))
    number = whole(text)
    if number is None:
        raise ControlError(f"{name}: {text!r} is not a whole number from 0 up")
    return number
