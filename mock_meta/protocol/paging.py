"""Graph's cursors: opaque, and the ``next`` URL carries all the original parameters (fact sheet 3.6)."""

import base64
import binascii
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from mock_meta.protocol.call import Call
from mock_meta.protocol.errors import invalid
from mock_meta.protocol.numbers import whole

DEFAULT_LIMIT = 25
_MAX_LIMIT = 1000


def encode_cursor(position: int) -> str:
    """Base64 with ``=`` written as ``ZD``, as Meta does."""
    return base64.b64encode(str(position).encode()).decode("ascii").replace("=", "ZD")


def decode_cursor(text: str) -> int:
    """Raises GraphError 100 for a cursor nobody issued."""
    try:
        position = whole(base64.b64decode(text.replace("ZD", "="), validate=True).decode("ascii"))
    except (binascii.Error, ValueError):
        position = None
    if position is None:
        raise invalid("Invalid cursors values specified")
    return position


def paginated(call: Call, rows: Sequence[Mapping[str, Any]], places: Sequence[int] | None = None) -> dict[str, Any]:
    """``data`` and ``paging`` for the rows the call asks for.

    A cursor is the place of a row that was shown: rows that go away between two pages move none of the others.
    ``places`` ascend; without them they are 1, 2, 3 …
    """
    places = range(1, len(rows) + 1) if places is None else places
    limit = _limit(call.query.get("limit"))
    before, after = call.query.get("before"), call.query.get("after")
    if before:
        end = bisect_left(places, decode_cursor(before))
        start = max(0, end - limit)
    else:
        start = bisect_right(places, decode_cursor(after)) if after else 0
        end = start + limit
    data = rows[start:end]
    if not data:
        return {"data": []}
    cursors = {"before": encode_cursor(places[start]), "after": encode_cursor(places[start + len(data) - 1])}
    paging: dict[str, Any] = {"cursors": cursors}
    if start > 0:
        paging["previous"] = _link(call, "before", cursors["before"])
    if start + len(data) < len(rows):
        paging["next"] = _link(call, "after", cursors["after"])
    return {"data": list(data), "paging": paging}


def _limit(text: str | None) -> int:
    if not text:
        return DEFAULT_LIMIT
    limit = whole(text)
    if not limit:
        raise invalid(f'Param limit must be a positive integer - got "{text}".')
    return min(limit, _MAX_LIMIT)


def _link(call: Call, direction: str, cursor: str) -> str:
    kept = {name: value for name, value in call.query.items() if name not in {"after", "before", "access_token"}}
    token = {"access_token": call.credential.token} if call.credential.token else {}
    return f"{call.origin}{call.path}?{urlencode({**token, **kept, direction: cursor})}"
