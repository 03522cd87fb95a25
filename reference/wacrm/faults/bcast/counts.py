"""BCAST-07, BCAST-08, BCAST-09, BCAST-10: what a broadcast counts."""

from collections import Counter
from collections.abc import Callable

from reference.wacrm.assembly import Wacrm
from reference.wacrm.domain.broadcasts import Campaign
from reference.wacrm.faults.registry import Fault, fault
from reference.wacrm.patching.patches import patch, sql, together
from reference.wacrm.patching.steps import wrap
from reference.wacrm.protocol.envelope import Json
from reference.wacrm.storage.database import Row

_SUFFIX = 9
"""Digits at the end of a number, by which older code compared numbers."""


@patch
def _counts(wacrm: Wacrm, change: Callable[[Row, Json], None]) -> None:
    counts = wacrm.broadcasts.counts

    def changed(row: Row) -> Json:
        counted = counts(row)
        change(row, counted)
        return counted

    wrap(wacrm.broadcasts, "counts", changed)


@patch
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

    wrap(wacrm.broadcasts, "apply_status", counted_up)
    _counts(added)(wacrm)


_DELIVERED = "COUNT(COALESCE(delivered_at, read_at))"

ROWS = (
    Fault("BCAST-07", "asynchronous-failure-is-counted-twice",
          sql("broadcasts.counts", "COUNT(CASE state WHEN 'failed' THEN 1 END)",
              "COUNT(CASE WHEN state = 'failed' OR failed_at IS NOT NULL THEN 1 END)"),
          "what fails after Meta took it is counted as failed, and still as sent"),
    Fault("BCAST-08", "replies-of-non-readers-are-not-counted",
          sql("broadcasts.replied", "WHERE id = :id", "WHERE id = :id AND read_at IS NOT NULL"),
          "a reply is counted only for recipients with a read status"),
    Fault("BCAST-08", "read-is-not-counted-without-delivered",
          together(sql("broadcasts.counts", _DELIVERED, "COUNT(delivered_at)"),
                   sql("broadcasts.counts", "COUNT(read_at)", "COUNT(CASE WHEN delivered_at IS NULL THEN NULL ELSE read_at END)")),
          "a reader whose delivery was never reported is not counted as read"),
    Fault("BCAST-08", "replies-of-similar-numbers-are-counted",
          sql("broadcasts.newest_to", "phone = :phone", f"substr(phone, -{_SUFFIX}) = substr(:phone, -{_SUFFIX})"),
          "a reply is looked up by the last nine digits of its sender"),
    Fault("BCAST-09", "delivered-count-falls-when-read",
          sql("broadcasts.counts", _DELIVERED, "COUNT(CASE WHEN read_at IS NULL THEN delivered_at END)"),
          "a recipient has one state, and who has read is no longer delivered"),
    Fault("BCAST-10", "repeated-delivered-counts-twice", _double("delivered", "delivered_at", "delivered_count"),
          "each webhook adds one, and Meta's webhooks come at least once"),
    Fault("BCAST-10", "late-delivered-takes-read-back-in-broadcasts",
          sql("broadcasts.delivered", "SET delivered_at", "SET read_at = NULL, delivered_at"),
          "a delivered that comes after its read takes the reading back"),
    Fault("BCAST-10", "delivered-is-not-noted-of-readers",
          together(sql("broadcasts.counts", _DELIVERED, "COUNT(delivered_at)"),
                   sql("broadcasts.delivered", "WHERE id = :id", "WHERE id = :id AND read_at IS NULL")),
          "a state only moves forward: delivered is not noted of who has read"),
)  # fmt: skip


@fault("BCAST-07", "sent_count counts refused sends too", _counts)
def sent_count_counts_refused_sends(_row: Row, counted: Json) -> None:
    counted["sent_count"] += counted["failed_count"]


@fault("BCAST-07", "what Meta refuses is logged, and not counted", _counts)
def failed_count_is_always_zero(_row: Row, counted: Json) -> None:
    counted["failed_count"] = 0


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

    wrap(wacrm.broadcasts, "note_reply", counted_up)
    _counts(added)(wacrm)


@fault("BCAST-08", "the statuses of single messages are looked up by number, and reach the broadcast too")
def single_messages_count_in_the_broadcast(wacrm: Wacrm) -> None:
    apply = wacrm.messages.apply_status
    phone_of = """
        SELECT contacts.phone FROM conversations JOIN contacts ON contacts.id = conversations.contact_id
        WHERE conversations.id = :id"""

    def both(account: str, wamid: str, status: str) -> bool:
        message = wacrm.messages.find_wamid(account, wamid)
        contact = wacrm.db.row(phone_of, {"id": message["conversation_id"]}) if message is not None else None
        recipient = wacrm.broadcasts.newest_to(account, contact["phone"]) if contact is not None else None
        if recipient is not None:
            wacrm.broadcasts.apply_status(account, recipient["wamid"], status)
        return apply(account, wamid, status)

    wrap(wacrm.messages, "apply_status", both)


@fault("BCAST-09", "sent_count is filled in when the fan-out ends, deliveries are counted before", _counts)
def sent_count_lags_behind_delivered_count(row: Row, counted: Json) -> None:
    if row["status"] == "sending":
        counted["sent_count"] = 0


@fault("BCAST-10", "a status webhook that arrives before Meta's answer to the send is dropped")
def status_that_overtakes_the_answer_is_lost(wacrm: Wacrm) -> None:
    accepted = wacrm.broadcasts.accepted

    def dropped(campaign: Campaign, recipient: Row, wamid: str) -> None:
        wacrm.early_statuses.claim(campaign.account, wamid)
        accepted(campaign, recipient, wamid)

    wrap(wacrm.broadcasts, "accepted", dropped)
