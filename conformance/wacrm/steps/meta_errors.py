"""Error answers of Meta, and sends that get them (MSG-08, MSG-09)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from conformance.target.concurrency import at_once
from conformance.target.verdicts import NoVerdict
from conformance.wacrm.steps.outbound_messages import text

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.target.exchange import Exchange
    from conformance.wacrm.steps.account import Account
    from conformance.wacrm.steps.outbound_messages import Row

HTML = "<!DOCTYPE html><html><head><title>Error</title></head><body><h1>Sorry</h1></body></html>"


def error(code: int, **more: Any) -> Row:  # noqa: ANN401 - JSON
    """Meta's error answer for a code, with Meta's documented HTTP status unless another is given."""
    return {"error": {"code": code, **more}}


def raw(status: int, body: str = HTML, content_type: str = "text/html; charset=utf-8") -> Row:
    """An answer that is not the Graph API's."""
    return {"http": {"status": status, "body": body, "content_type": content_type}}


def as_json(status: int, body: object) -> Row:
    return raw(status, body if isinstance(body, str) else json.dumps(body), "application/json")


REJECTIONS = {
    **{f"code {code}": error(code) for code in (
        1, 2, 4, 10, 33, 100, 190, 368, 80007, 130429, 130472, 131000, 131005, 131008, 131009, 131016, 131021, 131031,
        131037, 131045, 131047, 131048, 131051, 131056, 131057, 132000, 132001, 132005, 132012, 132015, 132016, 133004,
        133010,
    )},
    "throttled 429": error(4, http_status=429), "template 400": error(132001, http_status=400),
    "words": error(131009, message="<b>\u202e„Ungültig“</b> {{1}} %s\n\tat Object.<anonymous> (/srv/app.js:1)"),
    **{f"html {status}": raw(status) for status in (400, 401, 403, 404, 408, 429, 500, 502, 503, 504)},
    "empty 500": raw(500, ""), "text 503": raw(503, "upstream connect error", "text/plain"),
    "cut json": as_json(400, '{"error": {"message": "(#100) In'), "bare error": as_json(500, {"error": "oops"}),
    "empty error": as_json(400, {"error": {}}), "null error": as_json(500, {"error": None}), "null": as_json(400, "null"),
    "list": as_json(400, []), "number as message": as_json(400, {"error": {"message": 7, "code": "x"}}),
    "html called json": raw(429, HTML, "application/json"),
}  # fmt: skip


WITHOUT_MESSAGE_ID = {
    "html 200": raw(200), "empty 200": raw(200, ""), "object": as_json(200, {}), "no messages": as_json(200, {"messages": []}),
    "no id": as_json(200, {"messages": [{}]}), "error 200": as_json(200, {"error": {"message": "no", "code": 131000}}),
    "empty id": as_json(200, {"messages": [{"id": ""}]}),
}  # fmt: skip
"""Answers that Meta does not give, but a proxy in between may."""


def with_fault(account: Account, shapes: dict[str, Row]) -> list[tuple[str, Exchange]]:
    """One send per shape of Meta's answer, each to its own number, all at once: (number, answer)."""
    numbers = [account.numbers.fresh() for _ in shapes]
    for number, shape in zip(numbers, shapes.values(), strict=True):
        account.mock_meta.fault(number, times=None, **shape)
    return list(zip(numbers, at_once([send_of(account, text(account.marker()).to(n)) for n in numbers]), strict=True))


def send_of(account: Account, body: Row) -> Callable[[], Exchange]:
    return lambda: rejected(account, body)


def rejected(account: Account, body: Row) -> Exchange:
    """A send that Meta rejects. The client retries a 429 as the limiter's; when other sends succeed, the 429 is the
    answer.
    """
    try:
        return account.api.post("/messages", body)
    except NoVerdict:
        account.send()
        return account.api.probe.send("POST", "/messages", key=account.api.pool.lend(account.api.role), json=body)
