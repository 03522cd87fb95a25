"""Wear of messages and broadcasts: their statuses and counts."""

from reference.wacrm.assembly import Wacrm
from reference.wacrm.domain.broadcasts import Campaign
from reference.wacrm.faults import find
from reference.wacrm.patching.steps import wrap
from reference.wacrm.protocol.envelope import Json
from reference.wacrm.storage.database import Row
from reference.wacrm.wear.registry import Wear, wear

_STILL = "a count that never moves shows neither a report that is counted twice nor one that is lost"

inbound_is_delivered = Wear(
    "inbound-is-delivered", "what a customer writes is stored with the status delivered",
    find("inbound-status-is-delivered").patch, frozenset({"CONV-04"}),
)  # fmt: skip


@wear("the last status that Meta reports wins, in whatever order they come", "MSG-11")
def statuses_in_any_order_win(wacrm: Wacrm) -> None:
    apply = wacrm.messages.apply_status
    sql = "UPDATE messages SET status = :status WHERE id = :id AND direction = 'outbound'"

    def overwritten(account: str, wamid: str, status: str) -> bool:
        known, row = apply(account, wamid, status), wacrm.messages.find_wamid(account, wamid)
        if row is not None:
            wacrm.db.run(sql, {"status": status, "id": row["id"]})
        return known

    wrap(wacrm.messages, "apply_status", overwritten)


@wear("a broadcast whose recipients all failed ends as failed, and not as sent", "BCAST-06")
def all_failed_broadcast_is_failed(wacrm: Wacrm) -> None:
    finish = wacrm.broadcasts.finish
    sql = """
        UPDATE broadcasts SET status = 'failed' WHERE id = :id AND status = 'sent'
          AND NOT EXISTS (SELECT 1 FROM broadcast_recipients WHERE broadcast_id = :id AND state <> 'failed')"""

    def finished(campaign: Campaign) -> None:
        finish(campaign)
        wacrm.db.run(sql, {"id": campaign.id})

    wrap(wacrm.broadcasts, "finish", finished)


@wear(
    "the delivered, read and replied counts of a broadcast stay 0", "BCAST-08",
    hides={"BCAST-09": _STILL, "BCAST-10": _STILL, "BCAST-13": _STILL},
)  # fmt: skip
def broadcast_counts_never_move(wacrm: Wacrm) -> None:
    counts = wacrm.broadcasts.counts

    def still(row: Row) -> Json:
        return counts(row) | {"delivered_count": 0, "read_count": 0, "replied_count": 0}

    wrap(wacrm.broadcasts, "counts", still)
