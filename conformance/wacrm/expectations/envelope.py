"""Wacrm's two envelopes: `{"data": …}` and `{"error": {"code", "message"}}` (ENV-01 to -03)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.target.expect import status
from conformance.target.verdicts import Mismatch

if TYPE_CHECKING:
    from conformance.target.exchange import Exchange


def error(exchange: Exchange, *allowed: tuple[int, str]) -> Exchange:
    """The answer is the error envelope with one of the (status, code) pairs (ENV-02, ENV-03)."""
    status(exchange, *dict.fromkeys(pair[0] for pair in allowed))
    code = error_code(exchange)
    if (exchange.status, code) not in allowed:
        wanted = " or ".join(f"{s} {c!r}" for s, c in allowed)
        raise Mismatch(f"error.code of {wanted}", f"{exchange.status} with error.code {code!r}", exchange)
    return exchange


def error_code(exchange: Exchange) -> str:
    """`error.code` of an error envelope; a Mismatch when the body is none."""
    body = exchange.json()
    inner = body.get("error") if isinstance(body, dict) else None
    if not isinstance(inner, dict) or not all(isinstance(inner.get(k), str) for k in ("code", "message")):
        raise Mismatch('the error envelope {"error": {"code", "message"}}', exchange.excerpt, exchange)
    return str(inner["code"])


def data(exchange: Exchange, *allowed: int) -> Any:  # noqa: ANN401 - JSON
    """The `data` of a success envelope; a Mismatch for another status or shape."""
    status(exchange, *allowed)
    body = exchange.json()
    if not isinstance(body, dict) or "data" not in body:
        raise Mismatch('the success envelope {"data": …}', exchange.excerpt, exchange)
    return body["data"]


def record(exchange: Exchange, *allowed: int) -> dict[str, Any]:
    """`data`, which is an object."""
    inner = data(exchange, *allowed)
    if not isinstance(inner, dict):
        raise Mismatch("an object in data", exchange.excerpt, exchange)
    return inner


def rows(exchange: Exchange) -> list[dict[str, Any]]:
    """`data` of a 200 list answer: a list of objects."""
    inner = data(exchange, 200)
    if not isinstance(inner, list) or not all(isinstance(row, dict) for row in inner):
        raise Mismatch("a list of objects in data", exchange.excerpt, exchange)
    return inner
