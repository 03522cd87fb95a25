"""``/_control/``: the live page, and what it reads: the feed, and the timeline of one message."""

from http import HTTPStatus
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, RedirectResponse

from mock_meta.control.bodies import mock_of
from mock_meta.control.errors import not_found
from mock_meta.control.ledger import whole_number
from mock_meta.ledger.entries import WebhookEntry
from mock_meta.ledger.store import Query
from mock_meta.mock import Mock
from mock_meta.page.feed_lines import line_of, parts_of, step_of
from mock_meta.protocol.strict_json import AsciiJson

FOLDER = Path(__file__).resolve().parent
MOST = 400
"""Entries per answer: a reader that falls behind gets the newest ones, and how many it missed."""
STEPS = 200
_FILES = ("page.css", "page.js", "mock.js", "activity.js", "message_timeline.js")
_SAFE = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-cache",
}

router = APIRouter()


@router.get("")
async def without_slash(request: Request) -> RedirectResponse:
    return RedirectResponse(f"{request.url.path}/")


@router.get("/")
async def page() -> FileResponse:
    return FileResponse(FOLDER / "index.html", headers=_SAFE)


@router.get("/page/{name}")
async def part(name: str) -> FileResponse:
    if name not in _FILES:
        raise not_found("file of the page", name)
    return FileResponse(FOLDER / name, headers=_SAFE)


@router.get("/feed")
async def feed(request: Request) -> AsciiJson:
    """What happened after ``since``, a line for each entry, the newest ``MOST`` of them; and how the mock stands.

    The figures count entries after number ``before``: a ledger in a file also holds those of earlier runs.
    """
    mock = mock_of(request)
    since = whole_number(dict(request.query_params), "since", 0)
    last = mock.ledger.last_seq
    start = max(since, last - MOST)
    entries = mock.ledger.find(Query(since=start, limit=MOST))
    stand = {"last_seq": last, "missed": start - since, "now": mock.clock(), **_figures(mock)}
    return AsciiJson({**stand, "lines": [line_of(entry) for entry in entries]})


def _figures(mock: Mock) -> dict[str, Any]:
    counters = mock.ledger.counters
    calls, webhooks = sum(counters.requests.values()), sum(counters.webhooks.values())
    return {
        "before": mock.ledger.last_seq - calls - webhooks,
        "sends": sum(n for (operation, _), n in counters.requests.items() if operation == "messages.send"),
        "refused": sum(n for (_, outcome), n in counters.requests.items() if outcome != "accepted"),
        "webhooks": webhooks,
        "unanswered": sum(n for status, n in counters.webhooks.items() if status != str(HTTPStatus.OK.value)),
        "pending": mock.pending_webhooks,
    }


@router.get("/story")  # the older name
@router.get("/message-timeline")
async def message_timeline(request: Request) -> AsciiJson:
    """What happened to the message that entry ``seq`` is about (of a batch: to the first that failed), the first ``STEPS``.

    ``inbound``: it came from a customer. An entry about no message has a timeline of its own.
    """
    ledger = mock_of(request).ledger
    seq = whole_number(dict(request.query_params), "seq", 0)
    entries = ledger.find(Query(since=seq - 1, limit=1))
    if not entries or entries[0].seq != seq:
        raise not_found("entry", str(seq))
    wamid = next(iter(line_of(entries[0])["wamids"]), None)
    if wamid is not None:
        entries = ledger.find(Query(wamid=wamid, limit=STEPS))
    parts = [part for entry in entries if isinstance(entry, WebhookEntry) for part in parts_of(entry, wamid)]
    steps = [step_of(entry, wamid) for entry in entries]
    inbound = any(part.member == "messages" for part in parts)
    return AsciiJson({"wamid": wamid, "inbound": inbound, "steps": steps})
