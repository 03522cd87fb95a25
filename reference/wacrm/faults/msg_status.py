"""MSG: a message's status (10, 11)."""

from collections.abc import Callable

from reference.wacrm.assembly import Wacrm
from reference.wacrm.domain.statuses import Status
from reference.wacrm.faults.registry import fault
from reference.wacrm.faults.steps import patch
from reference.wacrm.protocol.bodies import MessageCreate
from reference.wacrm.protocol.envelope import Json
from reference.wacrm.storage.database import Row


def _status(wacrm: Wacrm, take: Callable[[Row, str], bool]) -> None:
    """Which of Meta's reports reach a message's row."""
    apply = wacrm.messages.apply_status

    def filtered(account: str, wamid: str, status: str) -> bool:
        row = wacrm.messages.find_wamid(account, wamid)
        return True if row is not None and not take(row, status) else apply(account, wamid, status)

    patch(wacrm.messages, "apply_status", filtered)


@fault("MSG-10", "failures are logged, and the row is left alone")
def failed_status_is_ignored(wacrm: Wacrm) -> None:
    _status(wacrm, lambda _row, status: status != Status.FAILED)


@fault("MSG-10", "statuses of media messages are looked for in another table")
def statuses_of_media_are_ignored(wacrm: Wacrm) -> None:
    _status(wacrm, lambda row, _status: row["media_url"] is None)


@fault("MSG-10", "read is a status of the inbox's own, not of Meta's")
def read_status_is_ignored(wacrm: Wacrm) -> None:
    _status(wacrm, lambda _row, status: status != Status.READ)


@fault("MSG-10", "a status that comes before Meta's answer finds no message, and is dropped")
def early_statuses_are_dropped(wacrm: Wacrm) -> None:
    def dropped(_account: str, _wamid: str) -> list[str]:
        return []

    patch(wacrm.early, "claim", dropped)


@fault("MSG-10", "read is believed of messages that were delivered, and Meta may leave that out")
def read_without_delivered_is_ignored(wacrm: Wacrm) -> None:
    _status(wacrm, lambda row, status: status != Status.READ or row["status"] == Status.DELIVERED)


def _backwards(wacrm: Wacrm, goes_back: Callable[[Row, str], bool]) -> None:
    """Reports that come late are believed."""
    apply = wacrm.messages.apply_status
    sql = "UPDATE messages SET status = :status WHERE id = :id"

    def believed(account: str, wamid: str, status: str) -> bool:
        row = wacrm.messages.find_wamid(account, wamid)
        known = apply(account, wamid, status)
        if row is not None and row["direction"] == "outbound" and goes_back(row, status):
            wacrm.db.run(sql, {"status": status, "id": row["id"]})
        return known

    patch(wacrm.messages, "apply_status", believed)


@fault("MSG-11", "the last webhook wins: a late delivered takes read back")
def late_delivered_takes_read_back(wacrm: Wacrm) -> None:
    _backwards(wacrm, lambda row, status: (row["status"], status) == (Status.READ, Status.DELIVERED))


@fault("MSG-11", "the last webhook wins: a late sent takes delivered back")
def late_sent_takes_delivered_back(wacrm: Wacrm) -> None:
    _backwards(wacrm, lambda row, status: (row["status"], status) == (Status.DELIVERED, Status.SENT))


@fault("MSG-11", "the last webhook wins: a late sent makes a failed message a sent one")
def late_sent_takes_failed_back(wacrm: Wacrm) -> None:
    _backwards(wacrm, lambda row, status: (row["status"], status) == (Status.FAILED, Status.SENT))


@fault("MSG-11", "failed outranks everything, and a late one makes a message that was read a failed one")
def late_failed_takes_read_back(wacrm: Wacrm) -> None:
    _backwards(wacrm, lambda row, status: (row["status"], status) == (Status.READ, Status.FAILED))


@fault("MSG-11", "statuses that came before Meta's answer are applied without a look at their order")
def early_statuses_are_applied_as_they_came(wacrm: Wacrm) -> None:
    claim, record = wacrm.early.claim, wacrm.messages.record
    sql = "UPDATE messages SET status = :status WHERE account_id = :account AND wamid = :wamid"

    def remembered(account: str, wamid: str) -> list[str]:
        came[wamid] = claim(account, wamid)
        return came[wamid]

    def overwritten(account: str, body: MessageCreate, wamid: str, quoted: Row | None) -> Json:
        data = record(account, body, wamid, quoted)
        for status in came.get(wamid, []):
            wacrm.db.run(sql, {"status": status, "account": account, "wamid": wamid})
        return data

    came: dict[str, list[str]] = {}
    patch(wacrm.early, "claim", remembered)
    patch(wacrm.messages, "record", overwritten)
