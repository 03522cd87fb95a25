"""Broadcasts: persisted at once, fanned out in the background, counted from their recipients' rows."""

import asyncio
import json
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from reference.wacrm.domain.keys import Keys
from reference.wacrm.domain.phones import Phones
from reference.wacrm.meta.composing import Composer
from reference.wacrm.meta.early_statuses import EarlyStatuses
from reference.wacrm.meta.graph_client import SendError
from reference.wacrm.meta.sending import Sender
from reference.wacrm.protocol.bodies import BroadcastCreate, Recipient, TemplateParams
from reference.wacrm.protocol.envelope import ApiError, Code, Json, bad_request, not_found
from reference.wacrm.settings import WhatsApp
from reference.wacrm.storage.clock import Clock, Ids
from reference.wacrm.storage.database import Row, Storage

_log = logging.getLogger("reference.wacrm")

CONCURRENCY = 32
DEFAULT_LANGUAGE = "en_US"


@dataclass
class BroadcastsSQL:
    add: str = """
        INSERT INTO broadcasts (id, account_id, name, template_name, template_language, status, total_recipients,
            created_at, updated_at)
        VALUES (:id, :account, :name, :template_name, :template_language, 'sending', :total, :now, :now)"""
    add_recipient: str = """
        INSERT INTO broadcast_recipients (id, broadcast_id, account_id, phone, params, state)
        VALUES (:id, :broadcast, :account, :phone, :params, 'pending')"""
    pending: str = "SELECT * FROM broadcast_recipients WHERE broadcast_id = :id AND state = 'pending' ORDER BY id"
    accepted: str = """
        UPDATE broadcast_recipients SET state = 'sent', wamid = :wamid, sent_at = :now WHERE id = :id"""
    refused: str = "UPDATE broadcast_recipients SET state = 'failed' WHERE id = :id"
    finish: str = "UPDATE broadcasts SET status = 'sent', updated_at = :now WHERE account_id = :account AND id = :id"
    touch: str = "UPDATE broadcasts SET updated_at = :now WHERE account_id = :account AND id = :id"
    by_wamid: str = "SELECT * FROM broadcast_recipients WHERE account_id = :account AND wamid = :wamid"
    delivered: str = "UPDATE broadcast_recipients SET delivered_at = COALESCE(delivered_at, :now) WHERE id = :id"
    read: str = "UPDATE broadcast_recipients SET read_at = COALESCE(read_at, :now) WHERE id = :id"
    failed: str = "UPDATE broadcast_recipients SET failed_at = COALESCE(failed_at, :now) WHERE id = :id"
    replied: str = "UPDATE broadcast_recipients SET replied_at = COALESCE(replied_at, :now) WHERE id = :id"
    newest_to: str = """
        SELECT * FROM broadcast_recipients
        WHERE account_id = :account AND phone = :phone AND sent_at IS NOT NULL AND failed_at IS NULL
        ORDER BY sent_at DESC, id DESC LIMIT 1"""
    quoted: str = "SELECT 1 FROM messages WHERE account_id = :account AND quoted_wamid = :wamid LIMIT 1"
    by_id: str = "SELECT * FROM broadcasts WHERE account_id = :account AND id = :id"
    counts: str = """
        SELECT COUNT(sent_at) AS sent_count,
            COUNT(COALESCE(delivered_at, read_at)) AS delivered_count, COUNT(read_at) AS read_count,
            COUNT(replied_at) AS replied_count, COUNT(CASE state WHEN 'failed' THEN 1 END) AS failed_count
        FROM broadcast_recipients WHERE broadcast_id = :id"""


@dataclass(frozen=True)
class Services:
    """What a fan-out needs besides the broadcasts' own rows."""

    keys: Keys
    phones: Phones
    composer: Composer
    sender: Sender
    early_statuses: EarlyStatuses


@dataclass(frozen=True)
class Campaign:
    """One fan-out: what is sent, through which number."""

    id: str
    account: str
    whatsapp: WhatsApp
    template: str
    language: str


class Broadcasts:
    def __init__(self, db: Storage, clock: Clock, ids: Ids, services: Services) -> None:
        self.sql = BroadcastsSQL()
        self.concurrency = CONCURRENCY
        self._db = db
        self._clock = clock
        self._ids = ids
        self._with = services
        self._tasks: set[asyncio.Task[None]] = set()

    def create(self, account: str, body: BroadcastCreate) -> Json:
        """Persist and start; the answer does not wait for a single send.

        Raises:
            ApiError: 400 for no valid number or an account without WhatsApp.

        """
        valid = self.valid(body.recipients)
        if not valid:
            raise bad_request("recipients holds no valid E.164 number.")
        whatsapp = self._with.keys.whatsapp(account)
        if whatsapp is None:
            raise ApiError(Code.WHATSAPP_NOT_CONFIGURED, "No WhatsApp Business integration is connected.")
        recipients = self.distinct(valid)
        language = body.template_language or DEFAULT_LANGUAGE
        campaign = Campaign(self._ids.new(), account, whatsapp, body.template_name, language)
        self.persist(campaign, self.name(body), recipients)
        self.start(campaign)
        return self.receipt(campaign, len(body.recipients), len(valid), len(recipients))

    def valid(self, recipients: list[Recipient]) -> list[Recipient]:
        return [recipient for recipient in recipients if self._with.phones.valid(recipient.to)]

    def distinct(self, recipients: list[Recipient]) -> list[Recipient]:
        """A number listed twice is messaged once, with the first one's parameters."""
        first: dict[str, Recipient] = {}
        for recipient in recipients:
            first.setdefault(recipient.to, recipient)
        return list(first.values())

    def name(self, body: BroadcastCreate) -> str:
        return body.name or f"Broadcast {body.template_name}"

    def receipt(self, campaign: Campaign, submitted: int, valid: int, queued: int) -> Json:
        return {
            "broadcast_id": campaign.id,
            "status": "sending",
            "total_recipients": queued,
            "accepted": valid,
            "rejected": submitted - valid,
        }

    def persist(self, campaign: Campaign, name: str, recipients: Iterable[Recipient]) -> None:
        rows = [
            {
                "id": self._ids.new(),
                "broadcast": campaign.id,
                "account": campaign.account,
                "phone": recipient.to,
                "params": json.dumps(recipient.params),
            }
            for recipient in recipients
        ]
        values = {"id": campaign.id, "account": campaign.account, "name": name, "total": len(rows)}
        values |= {"template_name": campaign.template, "template_language": campaign.language}
        with self._db.transaction():
            self._db.run(self.sql.add, values | {"now": self._clock.now()})
            self._db.run_many(self.sql.add_recipient, rows)

    def start(self, campaign: Campaign) -> None:
        task = asyncio.get_running_loop().create_task(self.fan_out(campaign))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def fan_out(self, campaign: Campaign) -> None:
        """Attempt each recipient once, a bounded number at a time."""
        recipients = iter(self._db.rows(self.sql.pending, {"id": campaign.id}))
        async with asyncio.TaskGroup() as group:
            for _ in range(self.concurrency):
                group.create_task(self._work(campaign, recipients))
        self.finish(campaign)

    def finish(self, campaign: Campaign) -> None:
        values = {"account": campaign.account, "id": campaign.id, "now": self._clock.now()}
        self._db.run(self.sql.finish, values)

    async def attempt(self, campaign: Campaign, recipient: Row) -> None:
        try:
            wamid = await self._with.sender.send(campaign.account, campaign.whatsapp, self.wire(campaign, recipient))
        except SendError as error:
            self.failed(campaign, recipient, error)
        except Exception:  # noqa: BLE001 - an attempt ends, whatever happens in it
            # an error of our own must not leave the broadcast unfinished
            _log.exception("a recipient could not be sent to")
            self.refused(recipient)
        else:
            self.accepted(campaign, recipient, wamid)

    def wire(self, campaign: Campaign, recipient: Row) -> Json:
        """What Meta is sent for this recipient."""
        params = TemplateParams(body=json.loads(recipient["params"]))
        payload = self._with.composer.template_of(campaign.template, campaign.language, params)
        return self._with.composer.envelope(self._with.phones.digits(recipient["phone"]), "template", payload)

    def accepted(self, campaign: Campaign, recipient: Row, wamid: str) -> None:
        """Note the wamid, and catch up with statuses and replies that overtook Meta's answer."""
        values = {"id": recipient["id"], "wamid": wamid, "now": self._clock.now()}
        self._db.run(self.sql.accepted, values)
        for status in self._with.early_statuses.claim(campaign.account, wamid):
            self.apply_status(campaign.account, wamid, status)
        if self._db.row(self.sql.quoted, {"account": campaign.account, "wamid": wamid}):
            self._db.run(self.sql.replied, values)

    def failed(self, campaign: Campaign, recipient: Row, error: SendError) -> None:  # noqa: ARG002 - the step knows of what and why
        """Meta did not take the message: every failure counts alike (BCAST-11)."""
        self.refused(recipient)

    def refused(self, recipient: Row) -> None:
        self._db.run(self.sql.refused, {"id": recipient["id"]})

    def find_wamid(self, account: str, wamid: str) -> Row | None:
        return self._db.row(self.sql.by_wamid, {"account": account, "wamid": wamid})

    def apply_status(self, account: str, wamid: str, status: str) -> bool:
        """Note what Meta reports of a recipient; False when no recipient has this wamid.

        Each report is noted by itself and counts are read from the notes, so that no order and no repetition of
        reports can make a count wrong. `failed` after acceptance moves no count: `failed_count` is what Meta refused.
        """
        row = self.find_wamid(account, wamid)
        if row is None:
            return False
        notes = {"delivered": self.sql.delivered, "read": self.sql.read, "failed": self.sql.failed}
        if status in notes:
            self._db.run(notes[status], {"id": row["id"], "now": self._clock.now()})
            self.touch(account, row["broadcast_id"])
        return True

    def note_reply(self, account: str, phone: str, quoted: str | None) -> None:
        """A customer wrote: the broadcast that is quoted, or the newest that reached the number, has a reply."""
        row = self.find_wamid(account, quoted) if quoted else None
        row = row or self.newest_to(account, phone)
        if row is not None:
            self._db.run(self.sql.replied, {"id": row["id"], "now": self._clock.now()})
            self.touch(account, row["broadcast_id"])

    def newest_to(self, account: str, phone: str) -> Row | None:
        return self._db.row(self.sql.newest_to, {"account": account, "phone": phone})

    def touch(self, account: str, identity: str) -> None:
        self._db.run(self.sql.touch, {"account": account, "id": identity, "now": self._clock.now()})

    def read(self, account: str, text: str) -> Json:
        """One broadcast with its counts.

        Raises:
            ApiError: 404 for an id that is unknown, another account's, or no id at all.

        """
        identity = Ids.parse(text)
        row = self.find(account, identity) if identity else None
        if row is None:
            raise not_found()
        return self.present(row, self.counts(row))

    def find(self, account: str, identity: str) -> Row | None:
        return self._db.row(self.sql.by_id, {"account": account, "id": identity})

    def counts(self, row: Row) -> Json:
        counted = self._db.row(self.sql.counts, {"id": row["id"]})
        assert counted is not None
        return dict(counted)

    def present(self, row: Row, counts: Json) -> Json:
        """A broadcast as the API shows it."""
        before = ("id", "name", "template_name", "template_language", "status", "total_recipients")
        order = ("sent_count", "delivered_count", "read_count", "replied_count", "failed_count")
        shown = {m: row[m] for m in before} | {m: counts[m] for m in order}
        return shown | {"created_at": row["created_at"], "updated_at": row["updated_at"]}

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _work(self, campaign: Campaign, recipients: Iterator[Row]) -> None:
        for recipient in recipients:
            await self.attempt(campaign, recipient)
