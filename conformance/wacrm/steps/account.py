"""What a client of an account does: create contacts, send, receive, read lists. A failed step gives no verdict."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from conformance.target import expect
from conformance.target.learned import Learned
from conformance.target.numbers import digits
from conformance.target.verdicts import Lacking, NoVerdict
from conformance.target.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from conformance.meta.mock_client import MockMeta
    from conformance.target.api import Api
    from conformance.target.exchange import Exchange
    from conformance.target.numbers import Numbers

Row = dict[str, Any]
MAX_PAGES = 400
TRIES = 5
"""Numbers tried for a new contact: a target that was tested before may know some."""


@dataclass(frozen=True)
class Account:
    """One account of the target: its API, its ids at mock Meta, fresh phone numbers, unique markers, what the run has learned."""

    api: Api
    numbers: Numbers
    marker: Callable[[], str]
    _mock_meta: MockMeta | None
    phone_number_id: str
    waba_id: str
    learned: Learned = field(default_factory=Learned, repr=False, compare=False)
    _phones: dict[str, str] = field(default_factory=dict)
    """The number that was drawn for a contact, by the contact's id."""

    @property
    def mock_meta(self) -> MockMeta:
        """Mock Meta; `Lacking` when the target file does not connect this account to it."""
        if self._mock_meta is None:
            raise Lacking("the target file does not connect this account to mock Meta")
        return self._mock_meta

    # -- when one of these fails, the check has no verdict ------------------------------------------------------------------

    def contact(self, phone: str = "", **fields: Any) -> Row:  # noqa: ANN401 - JSON
        """A new contact (of a fresh number unless given); its record."""
        for _ in range(TRIES):
            number = phone or self.numbers.fresh()
            exchange = self.api.post("/contacts", {"phone": number, **fields})
            if phone or exchange.status != 200:
                break
        return self._noted(required(exchange, 201), number)

    def phone_of(self, contact: Row) -> str:
        """The number of a contact that was made or found here, as it was drawn: an answer may spell it otherwise."""
        return self._phones[contact["id"]]

    def _noted(self, contact: Row, number: str) -> Row:
        self._phones[contact["id"]] = number
        return contact

    def send(self, to: str | None = None, **fields: Any) -> Row:  # noqa: ANN401 - JSON
        """Send a message, by default a text with a unique marker to a fresh number; the answer's record."""
        body: Row = {"to": to or self.numbers.fresh(), **fields}
        if "type" not in fields and "text" not in fields:
            body["text"] = self.marker()
        return required(self.api.post("/messages", body), 201)

    def receive(self, sender: str, text: str = "", **message: Any) -> str:  # noqa: ANN401 - Meta's members
        """A customer sends a message (a text unless `type` is given); its wamid, once the deployment has acknowledged
        it.
        """
        body: Row = {"from": sender.lstrip("+"), **message}
        if "type" not in message:
            body |= {"type": "text", "text": {"body": text or self.marker()}}
        return self.mock_meta.inbound(self.phone_number_id, body)[0]

    def contact_by_phone(self, phone: str) -> Row | None:
        """The contact of this number, however it is spelled: by search, else among the newest. None without one."""
        found = self.contacts_by_phone(phone) or _of_number(required_rows(self.api.get("/contacts", limit=100)), phone)
        return self._noted(found[0], phone) if found else None

    def contacts_by_phone(self, phone: str) -> list[Row]:
        """All contacts of this number that a search for its digits finds."""
        return _of_number(self.pages("/contacts", search=digits(phone)), phone)

    def conversation_of(self, contact_id: str, patience: float = 0.0) -> Row:
        """The contact's conversation, waiting up to `patience` seconds for it; no verdict without one."""
        found = eventually(lambda: list(self.pages("/conversations", contact_id=contact_id)), patience)
        expect.precondition(found, f"the contact {contact_id} has no conversation in GET /conversations?contact_id=…")
        row: Row = found[0]
        return row

    def messages(self, conversation_id: str) -> list[Row]:
        """All messages of a conversation, newest first."""
        return list(self.pages(f"/conversations/{conversation_id}/messages", limit=100))

    def message(self, conversation_id: str, wamid: str, patience: float = 0.0) -> Row | None:
        """The message with this wamid, waiting up to `patience` seconds for it."""
        found: Row | None = eventually(lambda: _with_wamid(self.messages(conversation_id), wamid), patience)
        return found

    def pages(self, path: str, **params: Any) -> Iterator[Row]:  # noqa: ANN401 - query values
        """Every row of a list, following the cursor. No verdict when a page cannot be read."""
        cursor: str | None = None
        for _ in range(MAX_PAGES):
            query = params if cursor is None else {**params, "cursor": cursor}
            exchange = self.api.get(path, **query)
            yield from required_rows(exchange)
            cursor = (exchange.json().get("meta") or {}).get("next_cursor")
            if cursor is None:
                return
        raise NoVerdict(f"GET {path} has more than {MAX_PAGES} pages or its cursor does not end")


def required(exchange: Exchange, *statuses: int) -> Row:
    """`data` of an answer that the check depends on; no verdict without it."""
    body = exchange.json()
    inner = body.get("data") if isinstance(body, dict) else None
    if exchange.status not in statuses or not isinstance(inner, dict):
        raise NoVerdict(
            f"a request that this check depends on failed: {exchange.method} {exchange.url}: {exchange.summary}"
        )
    return inner


def required_rows(exchange: Exchange) -> list[Row]:
    """The rows of a list that the check depends on; no verdict without them."""
    body = exchange.json()
    inner = body.get("data") if isinstance(body, dict) else None
    if exchange.status != 200 or not isinstance(inner, list):
        raise NoVerdict(
            f"a request that this check depends on failed: {exchange.method} {exchange.url}: {exchange.summary}"
        )
    return [row for row in inner if isinstance(row, dict)]


def _of_number(rows: Iterable[Row], phone: str) -> list[Row]:
    return [row for row in rows if digits(row.get("phone")) == digits(phone)]


def _with_wamid(rows: list[Row], wamid: str) -> Row | None:
    return next((row for row in rows if row.get("whatsapp_message_id") == wamid), None)
