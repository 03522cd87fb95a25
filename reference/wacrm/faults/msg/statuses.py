"""MSG-10, MSG-11: a message's status."""

from collections.abc import Callable

from reference.wacrm.assembly import Wacrm
from reference.wacrm.domain.statuses import Status
from reference.wacrm.faults.registry import Fault, fault
from reference.wacrm.patching.patches import patch
from reference.wacrm.patching.steps import replace_step, wrap
from reference.wacrm.protocol.bodies import MessageCreate
from reference.wacrm.protocol.envelope import Json
from reference.wacrm.storage.database import Row


@patch
def _status(wacrm: Wacrm, take: Callable[[Row, str], bool]) -> None:
    """Which of Meta's reports reach a message's row."""
    apply = wacrm.messages.apply_status

    def filtered(account: str, wamid: str, status: str) -> bool:
        row = wacrm.messages.find_wamid(account, wamid)
        return True if row is not None and not take(row, status) else apply(account, wamid, status)

    wrap(wacrm.messages, "apply_status", filtered)


@patch
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

    wrap(wacrm.messages, "apply_status", believed)


ROWS = (
    Fault("MSG-10", "failed-status-is-ignored", _status(lambda _row, status: status != Status.FAILED),
          "failures are logged, and the row is left alone"),
    Fault("MSG-10", "statuses-of-media-are-ignored", _status(lambda row, _status: row["media_url"] is None),
          "statuses of media messages are looked for in another table"),
    Fault("MSG-10", "read-status-is-ignored", _status(lambda _row, status: status != Status.READ),
          "Meta's status read is ignored"),
    Fault("MSG-10", "read-without-delivered-is-ignored",
          _status(lambda row, status: status != Status.READ or row["status"] == Status.DELIVERED),
          "read is accepted only after delivered, which Meta may leave out"),
    Fault("MSG-11", "late-delivered-takes-read-back",
          _backwards(lambda row, status: (row["status"], status) == (Status.READ, Status.DELIVERED)),
          "the last webhook wins: a late delivered takes read back"),
    Fault("MSG-11", "late-sent-takes-delivered-back",
          _backwards(lambda row, status: (row["status"], status) == (Status.DELIVERED, Status.SENT)),
          "the last webhook wins: a late sent takes delivered back"),
    Fault("MSG-11", "late-sent-takes-failed-back",
          _backwards(lambda row, status: (row["status"], status) == (Status.FAILED, Status.SENT)),
          "the last webhook wins: a late sent makes a failed message a sent one"),
    Fault("MSG-11", "late-failed-takes-read-back",
          _backwards(lambda row, status: (row["status"], status) == (Status.READ, Status.FAILED)),
          "failed outranks everything, and a late one makes a message that was read a failed one"),
)  # fmt: skip


@fault("MSG-10", "a status that comes before Meta's answer finds no message, and is dropped")
def early_statuses_are_dropped(wacrm: Wacrm) -> None:
    def dropped(_account: str, _wamid: str) -> list[str]:
        return []

    replace_step(wacrm.early_statuses, "claim", dropped)


@fault("MSG-11", "statuses that came before Meta's answer are applied without a look at their order")
def early_statuses_are_applied_as_they_came(wacrm: Wacrm) -> None:
    claim, record = wacrm.early_statuses.claim, wacrm.messages.record
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
    wrap(wacrm.early_statuses, "claim", remembered)
    wrap(wacrm.messages, "record", overwritten)
