"""Statuses of messages that are not known yet: Meta's webhook may overtake its answer to the send."""

from dataclasses import dataclass

from reference.wacrm.storage.clock import Clock
from reference.wacrm.storage.database import Storage

KEPT_SECONDS = 600.0


@dataclass
class EarlyStatusesSQL:
    keep: str = """
        INSERT INTO early_statuses (account_id, wamid, recipient, status, received_at)
        VALUES (:account, :wamid, :recipient, :status, :now)"""
    prune: str = "DELETE FROM early_statuses WHERE received_at < :before"
    of: str = "SELECT status FROM early_statuses WHERE account_id = :account AND wamid = :wamid ORDER BY seq"
    drop: str = "DELETE FROM early_statuses WHERE account_id = :account AND wamid = :wamid"
    unclaimed: str = """
        SELECT wamid FROM early_statuses WHERE account_id = :account AND recipient = :recipient
        GROUP BY wamid HAVING MIN(received_at) >= :since LIMIT 2"""


class EarlyStatuses:
    """Keeps statuses for ten minutes in the order of their arrival."""

    def __init__(self, db: Storage, clock: Clock) -> None:
        self.sql = EarlyStatusesSQL()
        self._db = db
        self._clock = clock

    def keep(self, account: str, wamid: str, status: str, recipient: str | None) -> None:
        self._db.run(self.sql.prune, {"before": self._clock.ago(KEPT_SECONDS)})
        values = {"account": account, "wamid": wamid, "status": status, "recipient": recipient}
        self._db.run(self.sql.keep, values | {"now": self._clock.now()})

    def claim(self, account: str, wamid: str) -> list[str]:
        """What has come for a wamid so far; it is then no longer kept."""
        values = {"account": account, "wamid": wamid}
        statuses = [row["status"] for row in self._db.rows(self.sql.of, values)]
        if statuses:
            self._db.run(self.sql.drop, values)
        return statuses

    def unclaimed(self, account: str, recipient: str, since: str) -> str | None:
        """The one unknown wamid that Meta has reported for a recipient since then; None when none or several."""
        values = {"account": account, "recipient": recipient, "since": since}
        match self._db.rows(self.sql.unclaimed, values):
            case [row]:
                wamid: str = row["wamid"]
                return wamid
        return None
