"""Keyset pages over `(created_at, id)`, newest first."""

import base64
import binascii
import hashlib
import json
import re
from dataclasses import dataclass

from starlette.datastructures import QueryParams

from reference.wacrm.protocol.envelope import bad_request
from reference.wacrm.storage.clock import Ids
from reference.wacrm.storage.database import Row

DEFAULT_LIMIT = 50
MAXIMUM_LIMIT = 100
_DIGITS = re.compile(r"[0-9]+", re.ASCII)
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", re.ASCII)


@dataclass(frozen=True)
class Window:
    """Rows strictly older than `(created_at, id)`, at most `limit` of them, of the list named `subject`."""

    subject: str
    limit: int
    created_at: str = "9999"
    id: str = "g"

    def values(self) -> dict[str, object]:
        """One row more than asked for: its presence says that there is a next page."""
        return {"before": self.created_at, "before_id": self.id, "rows": self.limit + 1}


class Pages:
    def window(self, query: QueryParams, *subject: str) -> Window:
        """The page asked for. `subject` names list and owner: a cursor of another list or account is refused.

        Raises:
            ApiError: 400 for an unusable `limit` or `cursor`.

        """
        limit = self.limit(query.get("limit"), subject[0])
        name = "/".join(subject)
        cursor = query.get("cursor")
        if cursor is None:
            return Window(name, limit)
        return Window(name, limit, *self.decode(cursor, name))

    def limit(self, text: str | None, listed: str) -> int:  # noqa: ARG002 - the step knows which list it is for
        if text is None:
            return DEFAULT_LIMIT
        significant = text.lstrip("0")
        if not _DIGITS.fullmatch(text) or not significant:
            raise bad_request("limit must be a positive whole number.")
        return MAXIMUM_LIMIT if len(significant) > len(str(MAXIMUM_LIMIT)) else min(int(significant), MAXIMUM_LIMIT)

    def cut(self, rows: list[Row], window: Window) -> tuple[list[Row], str | None]:
        """The page's rows and the cursor of the next page, None on the last."""
        page = rows[: window.limit]
        if len(rows) <= window.limit:
            return page, None
        return page, self.encode(page[-1], window.subject)

    def encode(self, last: Row, subject: str) -> str:
        position = json.dumps([self.seal(subject), last["created_at"], last["id"]], separators=(",", ":"))
        return base64.urlsafe_b64encode(position.encode()).decode().rstrip("=")

    def decode(self, cursor: str, subject: str) -> tuple[str, str]:
        refused = bad_request("cursor was not issued for this list.")
        try:
            padded = cursor + "=" * (-len(cursor) % 4)
            position = json.loads(base64.b64decode(padded.encode("ascii"), altchars=b"-_", validate=True))
        except (ValueError, binascii.Error, RecursionError):
            raise refused from None
        match position:
            case [str(seal), str(created_at), str(identity)] if (
                seal == self.seal(subject) and _INSTANT.fullmatch(created_at) and Ids.parse(identity)
            ):
                return created_at, identity
        raise refused

    def seal(self, subject: str) -> str:
        """Says which list a cursor is for. No secret: a forged cursor is only a position in one's own list."""
        return hashlib.sha256(subject.encode()).hexdigest()[:12]
