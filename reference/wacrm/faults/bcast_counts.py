"""BCAST: what a broadcast counts (07 to 10, 13)."""

from collections import Counter
from collections.abc import Callable

from reference.wacrm.assembly import Wacrm
from reference.wacrm.domain.broadcasts import Campaign
from reference.wacrm.faults.registry import fault
from reference.wacrm.faults.steps import patch, rewrite
from reference.wacrm.protocol.envelope import Json
from reference.wacrm.storage.database import Row


def _counts(wacrm: Wacrm, change: Callable[[Row, Json], None]) -> None:
    counts = wacrm.broadcasts.counts

    def changed(row: Row) -> Json:
        counted = counts(row)
        change(row, counted)
        return counted

    patch(wacrm.broadcasts, "counts", changed)


@fault("BCAST-07", "sent counts the attempts")
def sent_count_counts_refused_sends(wacrm: Wacrm) -> None:
    def attempts(_row: Row, counted: Json) -> None:
        counted["sent_count"] += counted["failed_count"]

    _counts(wacrm, attempts)


@fault("BCAST-07", "what Meta refuses is logged, and not counted")
def failed_count_is_always_zero(wacrm: Wacrm) -> None:
    def uncounted(_row: Row, counted: Json) -> None:
        counted["failed_count"] = 0

    _counts(wacrm, uncounted)


@fault("BCAST-08", "a reply counts for who has read, and whose phone reports no reading never replies")
def replies_of_non_readers_are_not_counted(wacrm: Wacrm) -> None:
    rewrite(wacrm.broadcasts.sql, "replied", "WHERE id = :id", "WHERE id = :id AND read_at IS NOT NULL")


@fault("BCAST-08", "every message is counted, and not every recipient")
def replied_count_counts_messages(wacrm: Wacrm) -> None:
    note_reply, replies = wacrm.broadcasts.note_reply, Counter[str]()

    def counted_up(account: str, phone: str, quoted: str | None) -> None:
        row = (wacrm.broadcasts.find_wamid(account, quoted) if quoted else None) or wacrm.broadcasts.newest_to(
            account, phone
        )
        if row is not None and row["replied_at"] is not None:
            replies[row["broadcast_id"]] += 1
        note_reply(account, phone, quoted)

    def added(row: Row, counted: Json) -> None:
        counted["replied_count"] += replies[row["id"]]

    patch(wacrm.broadcasts, "note_reply", counted_up)
    _counts(wacrm, added)


@fault("BCAST-08", "a reader whose delivery was never reported is not counted as read")
def read_is_not_counted_without_delivered(wacrm: Wacrm) -> None:
    guarded = "CASE WHEN delivered_at IS NULL THEN NULL ELSE read_at END"
    sql = wacrm.broadcasts.sql
    sql.counts = sql.counts.replace("COUNT(COALESCE(delivered_at, read_at))", "COUNT(delivered_at)")
    rewrite(sql, "counts", "COUNT(read_at)", f"COUNT({guarded})")


@fault("BCAST-09", "a recipient has one state, and who has read is no longer delivered")
def delivered_count_falls_when_read(wacrm: Wacrm) -> None:
    exclusive = "COUNT(CASE WHEN read_at IS NULL THEN delivered_at END)"
    rewrite(wacrm.broadcasts.sql, "counts", "COUNT(COALESCE(delivered_at, read_at))", exclusive)


@fault("BCAST-09", "sent_count is filled in when the fan-out ends, deliveries are counted before")
def sent_count_lags_behind_delivered_count(wacrm: Wacrm) -> None:
    def lagging(row: Row, counted: Json) -> None:
        if row["status"] == "sending":
            counted["sent_count"] = 0

    _counts(wacrm, lagging)


def _double(wacrm: Wacrm, status: str, column: str, member: str) -> None:
    """A report that comes again counts again."""
    apply, again = wacrm.broadcasts.apply_status, Counter[str]()

    def counted_up(account: str, wamid: str, reported: str) -> bool:
        row = wacrm.broadcasts.find_wamid(account, wamid)
        if row is not None and reported == status and row[column] is not None:
            again[row["broadcast_id"]] += 1
        return apply(account, wamid, reported)

    def added(row: Row, counted: Json) -> None:
        counted[member] += again[row["id"]]

    patch(wacrm.broadcasts, "apply_status", counted_up)
    _counts(wacrm, added)


@fault("BCAST-10", "each webhook adds one, and Meta's webhooks come at least once")
def repeated_delivered_counts_twice(wacrm: Wacrm) -> None:
    _double(wacrm, "delivered", "delivered_at", "delivered_count")


@fault("BCAST-10", "a status that overtakes Meta's answer belongs to nobody yet, and is dropped")
def status_that_overtakes_the_answer_is_lost(wacrm: Wacrm) -> None:
    accepted = wacrm.broadcasts.accepted

    def dropped(campaign: Campaign, recipient: Row, wamid: str) -> None:
        wacrm.early.claim(campaign.account, wamid)
        accepted(campaign, recipient, wamid)

    patch(wacrm.broadcasts, "accepted", dropped)


@fault("BCAST-10", "a delivered that comes after its read takes the reading back")
def late_delivered_takes_read_back_in_broadcasts(wacrm: Wacrm) -> None:
    rewrite(wacrm.broadcasts.sql, "delivered", "SET delivered_at", "SET read_at = NULL, delivered_at")


@fault("BCAST-13", "a status is looked up by number, and goes to the newest broadcast to it")
def statuses_go_to_the_newest_broadcast(wacrm: Wacrm) -> None:
    apply = wacrm.broadcasts.apply_status

    def newest(account: str, wamid: str, status: str) -> bool:
        row = wacrm.broadcasts.find_wamid(account, wamid)
        latest = wacrm.broadcasts.newest_to(account, row["phone"]) if row is not None else None
        return apply(account, latest["wamid"] if latest is not None else wamid, status)

    patch(wacrm.broadcasts, "apply_status", newest)


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

    patch(wacrm.broadcasts, "attempt", skipped)
