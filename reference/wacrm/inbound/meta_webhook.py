"""The side that faces Meta: handshake, signature, and items taken apart one by one (Meta fact sheet, 2 and 15)."""

import asyncio
import hashlib
import hmac
import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from starlette.datastructures import QueryParams

from reference.wacrm.domain.broadcasts import Broadcasts
from reference.wacrm.domain.keys import Keys
from reference.wacrm.domain.messages import Messages
from reference.wacrm.domain.statuses import KNOWN
from reference.wacrm.inbound.customer_messages import Inbound, MalformedError, text_at
from reference.wacrm.meta.early_statuses import EarlyStatuses
from reference.wacrm.protocol.envelope import Json
from reference.wacrm.storage.ordered_work import OrderedWork

_log = logging.getLogger("reference.wacrm")
_WORDS_OF_A_HANDSHAKE = ("hub.mode", "hub.challenge", "hub.verify_token")


@dataclass(frozen=True)
class Post:
    """A webhook that was acknowledged. `media_root` is what a media id is appended to."""

    payload: object
    media_root: str


@dataclass(frozen=True)
class Change:
    """One `changes[].value` for one account. `names` are profile names by wa_id."""

    account: str
    statuses: list[object]
    messages: list[object]
    names: dict[str, str]
    media_root: str


@dataclass(frozen=True)
class Secrets:
    app_secret: str = field(repr=False)
    verify_token: str = field(repr=False)


@dataclass(frozen=True)
class Services:
    keys: Keys
    messages: Messages
    broadcasts: Broadcasts
    early_statuses: EarlyStatuses
    inbound: Inbound


Take = Callable[[Change, Json], None]


class MetaWebhook:
    """Acknowledges first and works afterwards, in the order of arrival."""

    def __init__(self, secrets: Secrets, services: Services) -> None:
        self._secrets = secrets
        self._with = services
        self._work = OrderedWork[Post](lambda post: self.process(post))  # noqa: PLW0108 - `process` as it is by then

    def handshake(self, query: QueryParams) -> tuple[int, str]:
        """Status and text of the answer to Meta's verification request."""
        mode, challenge, token = (query.get(word) for word in _WORDS_OF_A_HANDSHAKE)
        if mode != "subscribe" or challenge is None or token is None:
            return 400, "hub.mode, hub.challenge and hub.verify_token are required"
        if not self.same(token, self._secrets.verify_token):
            return 403, "verification token mismatch"
        return 200, challenge

    def signed(self, raw: bytes, header: str | None) -> bool:
        """Whether `X-Hub-Signature-256` is Meta's signature over the bytes as they came."""
        expected = hmac.new(self._secrets.app_secret.encode(), raw, hashlib.sha256).hexdigest()
        return header is not None and self.same(header, f"sha256={expected}")

    def same(self, given: str, expected: str) -> bool:
        return hmac.compare_digest(given.encode("utf-8", "surrogateescape"), expected.encode())

    def parse(self, raw: bytes) -> object:
        """Raises ValueError for what is no JSON."""
        try:
            return json.loads(raw.decode("utf-8"))
        except RecursionError:
            raise ValueError("nested too deeply") from None

    async def accept(self, payload: object, media_root: str) -> None:
        """Take over a payload that is about to be acknowledged."""
        self.queue(Post(payload, media_root))

    def queue(self, post: Post) -> None:
        self._work.put(post)

    async def process(self, post: Post) -> None:
        for change in self.changes(post):
            await self.process_change(change)

    async def process_change(self, change: Change) -> None:
        """Each item by itself: a malformed one does not lose the others (META-06)."""
        for item in change.statuses:
            self.guarded(self.take_status, change, item)
            await asyncio.sleep(0)
        for item in change.messages:
            self.guarded(self.take_message, change, item)
            await asyncio.sleep(0)

    def guarded(self, take: Take, change: Change, item: object) -> None:
        if not isinstance(item, dict):
            _log.warning("webhook: ignored an item that is no object")
            return
        try:
            take(change, item)
        except MalformedError as error:
            _log.warning("webhook: ignored %s", error)
        except Exception:  # noqa: BLE001 - one item's trouble ends with it
            # whatever Meta sends in one item, the next one is somebody else's message
            _log.exception("webhook: an item was dropped")

    def take_status(self, change: Change, item: Json) -> None:
        """A status of a message, of a broadcast's recipient, or of what will be known in a moment."""
        wamid, status = text_at(item, "id"), text_at(item, "status")
        if not wamid or status is None:
            raise MalformedError("a status without id or status")
        if status not in KNOWN or self.apply_status(change.account, wamid, status):
            return
        self._with.early_statuses.keep(change.account, wamid, status, text_at(item, "recipient_id"))

    def apply_status(self, account: str, wamid: str, status: str) -> bool:
        known_message = self._with.messages.apply_status(account, wamid, status)
        return known_message or self._with.broadcasts.apply_status(account, wamid, status)

    def take_message(self, change: Change, item: Json) -> None:
        self._with.inbound.receive(change.account, item, change.names, change.media_root)

    def changes(self, post: Post) -> Iterator[Change]:
        """The changes that are about a number of an account here; all others are none of our business."""
        for entry in _objects(post.payload, "entry"):
            for change in _objects(entry, "changes"):
                value = change.get("value")
                number = text_at(value, "metadata", "phone_number_id")
                account = self._with.keys.account_of_number(number) if number else None
                if account is not None and isinstance(value, dict):
                    statuses, messages = _list(value, "statuses"), _list(value, "messages")
                    yield Change(account, statuses, messages, _names(value), post.media_root)

    async def close(self) -> None:
        await self._work.close()


def _list(value: Json, member: str) -> list[object]:
    found = value.get(member)
    return found if isinstance(found, list) else []


def _objects(value: object, member: str) -> list[Json]:
    return [item for item in _list(value, member) if isinstance(item, dict)] if isinstance(value, dict) else []


def _names(value: Json) -> dict[str, str]:
    pairs = ((text_at(c, "wa_id"), text_at(c, "profile", "name")) for c in _objects(value, "contacts"))
    return {wa_id: name for wa_id, name in pairs if wa_id and name}
