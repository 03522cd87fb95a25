"""``/_control/``: the live page, and the feed that it reads."""

from http import HTTPStatus
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, RedirectResponse

from mock_meta.control.bodies import mock_of
from mock_meta.control.ledger import whole_number
from mock_meta.entries import Entry, Outcome, RequestEntry, WebhookEntry
from mock_meta.jsontext import AsciiJson
from mock_meta.mock import Mock
from mock_meta.store import Query

FOLDER = Path(__file__).resolve().parent.parent / "page"
MOST = 400
"""Entries per answer: a reader that falls behind is told the newest ones, and how many it missed."""
_SAFE = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:",
    "Cache-Control": "no-cache",
}

router = APIRouter()


@router.get("")
async def without_slash(request: Request) -> RedirectResponse:
    return RedirectResponse(f"{request.url.path}/")


@router.get("/")
async def page() -> FileResponse:
    return FileResponse(FOLDER / "index.html", headers=_SAFE)


@router.get("/page.css")
async def style() -> FileResponse:
    return FileResponse(FOLDER / "page.css", headers=_SAFE)


@router.get("/page.js")
async def script() -> FileResponse:
    return FileResponse(FOLDER / "page.js", headers=_SAFE)


@router.get("/feed")
async def feed(request: Request) -> AsciiJson:
    """What happened after ``since``, a line for each entry, the newest ``MOST`` of them; and how the mock stands."""
    mock = mock_of(request)
    since = whole_number(dict(request.query_params), "since", 0)
    last = mock.ledger.last_seq
    start = max(since, last - MOST)
    entries = mock.ledger.find(Query(since=start, limit=MOST))
    stand = {"last_seq": last, "missed": start - since, "now": mock.clock(), **_state(mock)}
    return AsciiJson({**stand, "lines": [_line(entry) for entry in entries]})


def _state(mock: Mock) -> dict[str, Any]:
    counters = mock.ledger.counters
    return {
        "sends": sum(n for (operation, _), n in counters.requests.items() if operation == "messages.send"),
        "refused": sum(n for (_, outcome), n in counters.requests.items() if outcome != "accepted"),
        "webhooks": sum(counters.webhooks.values()),
        "unanswered": sum(n for status, n in counters.webhooks.items() if status != "200"),
        "pending": mock.pending_webhooks,
    }


def _line(entry: Entry) -> dict[str, Any]:
    return _request(entry) if isinstance(entry, RequestEntry) else _webhook(entry)


def _request(entry: RequestEntry) -> dict[str, Any]:
    error = entry.error or ({"message": "by a fault"} if entry.outcome is Outcome.FAULT else {})
    return {
        "seq": entry.seq, "at": entry.at, "kind": "request", "what": entry.type or entry.operation,
        "operation": entry.operation, "people": [entry.to] if entry.to else [], "wamids": [entry.wamid] if entry.wamid else [],
        "phone": entry.phone_number_id, "good": entry.outcome is Outcome.ACCEPTED, "status": entry.status,
        "error": error.get("code"), "said": error.get("message"), "seconds": entry.duration,
    }  # fmt: skip


def _webhook(entry: WebhookEntry) -> dict[str, Any]:
    about = entry.subjects
    names = [name for _, name in about.statuses]
    what = ", ".join(dict.fromkeys(names)) or ("message" if about.people and entry.field == "messages" else entry.field)
    return {
        "seq": entry.seq, "at": entry.at, "kind": "webhook", "what": what, "many": max(len(names), 1),
        "people": list(about.people), "wamids": list(about.wamids), "phone": entry.phone_number_id,
        "good": entry.status == HTTPStatus.OK, "status": entry.status, "error": None, "said": entry.error,
        "seconds": entry.duration, "attempt": entry.attempt,
    }  # fmt: skip
