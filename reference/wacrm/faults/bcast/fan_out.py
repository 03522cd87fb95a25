"""BCAST-06, BCAST-11, BCAST-12, BCAST-13: the end of a fan-out, errors at Meta, size, two at once."""

import asyncio
from collections import Counter
from collections.abc import Callable

from reference.wacrm.assembly import Wacrm
from reference.wacrm.domain.broadcasts import Campaign
from reference.wacrm.faults.registry import Fault, fault
from reference.wacrm.meta.graph_client import AnswerLostError, SendError
from reference.wacrm.patching.patches import patch, sql
from reference.wacrm.patching.steps import wrap
from reference.wacrm.protocol.bodies import BroadcastCreate
from reference.wacrm.protocol.envelope import Json, bad_request
from reference.wacrm.storage.database import Row


@patch
def _failed(wacrm: Wacrm, overlooks: Callable[[SendError], bool]) -> None:
    """Some failures of a send are not noted of the recipient."""
    failed = wacrm.broadcasts.failed

    def noted(campaign: Campaign, recipient: Row, error: SendError) -> None:
        if not overlooks(error):
            failed(campaign, recipient, error)

    wrap(wacrm.broadcasts, "failed", noted)


_FAILED = "SELECT 1 FROM broadcast_recipients WHERE broadcast_id = :id AND broadcast_recipients.state = 'failed'"
_THROTTLED = "130429"
"""Meta's error code, as its message gives it."""

ROWS = (
    Fault("BCAST-06", "broadcast-with-a-failure-stays-sending",
          sql("broadcasts.finish", "AND id = :id", f"AND id = :id AND NOT EXISTS ({_FAILED})"),
          "a broadcast with a failed recipient is never called sent"),
    Fault("BCAST-11", "recipient-without-an-answer-stays-pending",
          _failed(lambda error: isinstance(error, AnswerLostError)),
          "a lost answer leaves the recipient pending, to be looked at later, which never comes"),
    Fault("BCAST-12", "fan-out-ends-at-500", sql("broadcasts.pending", "ORDER BY id", "ORDER BY id LIMIT 500"),
          "recipients are read in one page of the database, which ends at 500"),
    Fault("BCAST-12", "fan-out-gives-up-after-800", sql("broadcasts.pending", "ORDER BY id", "ORDER BY id LIMIT 800"),
          "after a few hundred sends the function's time is up, and the broadcast is called done"),
)  # fmt: skip


@fault("BCAST-06", "the status becomes sent when the last send starts, not when it ends")
def last_send_is_not_awaited(wacrm: Wacrm) -> None:
    attempt, begun = wacrm.broadcasts.attempt, Counter[str]()
    size = "SELECT COUNT(*) AS size FROM broadcast_recipients WHERE broadcast_id = :id"

    async def attempted(campaign: Campaign, recipient: Row) -> None:
        begun[campaign.id] += 1
        row = wacrm.db.row(size, {"id": campaign.id})
        if row is not None and begun[campaign.id] == row["size"]:
            wacrm.broadcasts.finish(campaign)
        await attempt(campaign, recipient)

    wrap(wacrm.broadcasts, "attempt", attempted)


@fault("BCAST-06", "the status becomes sent when the first send starts")
def broadcast_is_sent_before_its_sends_are(wacrm: Wacrm) -> None:
    attempt, seen = wacrm.broadcasts.attempt, Counter[str]()

    async def finished_first(campaign: Campaign, recipient: Row) -> None:
        seen[campaign.id] += 1
        if seen[campaign.id] == 1:
            wacrm.broadcasts.finish(campaign)
        await attempt(campaign, recipient)

    wrap(wacrm.broadcasts, "attempt", finished_first)


@fault("BCAST-11", "an answer without a message's id is an exception that nobody awaits", _failed)
def answer_without_a_message_ends_the_fan_out(error: SendError) -> bool:
    if "names no message" in str(error):
        raise error
    return False


@fault("BCAST-11", "a throttled recipient is put back into the queue for ever")
def throttled_recipient_never_ends(wacrm: Wacrm) -> None:
    attempt, failed, throttled = wacrm.broadcasts.attempt, wacrm.broadcasts.failed, set[str]()

    def queued_again(campaign: Campaign, recipient: Row, error: SendError) -> None:
        if _THROTTLED in str(error):
            throttled.add(recipient["id"])
        else:
            failed(campaign, recipient, error)

    async def repeated(campaign: Campaign, recipient: Row) -> None:
        await attempt(campaign, recipient)
        while recipient["id"] in throttled:
            throttled.discard(recipient["id"])
            await asyncio.sleep(1)
            await attempt(campaign, recipient)

    wrap(wacrm.broadcasts, "failed", queued_again)
    wrap(wacrm.broadcasts, "attempt", repeated)


@fault("BCAST-11", "an error of Meta's ends the fan-out, and the rest is never tried")
def unavailable_meta_ends_the_fan_out(wacrm: Wacrm) -> None:
    attempt, failed, ended = wacrm.broadcasts.attempt, wacrm.broadcasts.failed, set[str]()

    def ending(campaign: Campaign, recipient: Row, error: SendError) -> None:
        if "13" not in str(error):
            ended.add(campaign.id)
        failed(campaign, recipient, error)

    async def attempted(campaign: Campaign, recipient: Row) -> None:
        if campaign.id not in ended:
            await attempt(campaign, recipient)

    wrap(wacrm.broadcasts, "failed", ending)
    wrap(wacrm.broadcasts, "attempt", attempted)


@fault("BCAST-12", "a thousand is compared with >= instead of >")
def thousand_recipients_are_too_many(wacrm: Wacrm) -> None:
    create = wacrm.broadcasts.create

    def refusing(account: str, body: BroadcastCreate) -> Json:
        if len(body.recipients) >= 1000:  # noqa: PLR2004 - the limit, once too early
            raise bad_request("recipients holds more than 1000 entries.")
        return create(account, body)

    wrap(wacrm.broadcasts, "create", refusing)


@fault("BCAST-13", "a status is looked up by number, and goes to the newest broadcast to it")
def statuses_go_to_the_newest_broadcast(wacrm: Wacrm) -> None:
    apply = wacrm.broadcasts.apply_status

    def newest(account: str, wamid: str, status: str) -> bool:
        row = wacrm.broadcasts.find_wamid(account, wamid)
        latest = wacrm.broadcasts.newest_to(account, row["phone"]) if row is not None else None
        return apply(account, latest["wamid"] if latest is not None else wamid, status)

    wrap(wacrm.broadcasts, "apply_status", newest)


@fault("BCAST-13", "a reply belongs to the newest broadcast to its sender, whatever it quotes")
def quoted_reply_goes_to_the_newest_broadcast(wacrm: Wacrm) -> None:
    note_reply = wacrm.broadcasts.note_reply

    def newest(account: str, phone: str, quoted: str | None) -> None:
        note_reply(account, phone, None if quoted else quoted)

    wrap(wacrm.broadcasts, "note_reply", newest)


@fault("BCAST-13", "a number that another running broadcast has just been sent to is skipped as a duplicate")
def number_in_two_running_broadcasts_is_messaged_once(wacrm: Wacrm) -> None:
    attempt = wacrm.broadcasts.attempt
    elsewhere = """
        SELECT 1 FROM broadcast_recipients r JOIN broadcasts b ON b.id = r.broadcast_id
        WHERE r.account_id = :account AND r.phone = :phone AND b.id < :broadcast AND b.status = 'sending'"""

    async def skipped(campaign: Campaign, recipient: Row) -> None:
        values = {"account": campaign.account, "phone": recipient["phone"], "broadcast": campaign.id}
        if wacrm.db.row(elsewhere, values):
            wacrm.broadcasts.refused(recipient)
        else:
            await attempt(campaign, recipient)

    wrap(wacrm.broadcasts, "attempt", skipped)
