"""AUTH-09: keys that end while they are in use."""

from typing import TYPE_CHECKING

from starlette.requests import Request

from reference.wacrm.assembly import Wacrm
from reference.wacrm.domain.keys import Caller
from reference.wacrm.faults.registry import Fault, fault
from reference.wacrm.patching.patches import patch
from reference.wacrm.patching.steps import wrap
from reference.wacrm.protocol.operations import Operation
from reference.wacrm.storage.database import Row

if TYPE_CHECKING:
    from collections.abc import Callable


@patch
def _remember(wacrm: Wacrm, operation: Operation) -> None:
    """One operation keeps the callers that it has verified, and does not ask for them again."""
    identify = wacrm.admission.identify
    known: dict[str, Caller] = {}

    def remembered(request: Request, asked: Operation) -> Caller:
        if asked is not operation:
            return identify(request, asked)
        header = request.headers.get("authorization", "")
        if header not in known:
            known[header] = identify(request, asked)
        return known[header]

    wrap(wacrm.admission, "identify", remembered)


@patch
def _judge_once(wacrm: Wacrm, check: str) -> None:
    """Whether a key has ended in one of the two ways is judged when it is first seen."""
    ended: Callable[[Row], bool] = getattr(wacrm.keys, check)
    judged: dict[str, bool] = {}

    def once(row: Row) -> bool:
        return judged.setdefault(row["key_hash"], ended(row))

    wrap(wacrm.keys, check, once)


ROWS = (
    Fault("AUTH-09", "verified-key-is-cached-by-the-contact-list", _remember(Operation.LIST_CONTACTS),
          "the list route keeps verified keys in memory until the next restart"),
    Fault("AUTH-09", "verified-key-is-cached-by-sends", _remember(Operation.SEND_MESSAGE),
          "the sending route, where each millisecond counts, asks for a key once"),
    Fault("AUTH-09", "verified-key-is-cached-by-webhook-deletes", _remember(Operation.DELETE_WEBHOOK),
          "a session is made of the key for the settings pages, and outlives it"),
    Fault("AUTH-09", "expiry-is-judged-when-a-key-is-first-seen", _judge_once("expired"),
          "keys are loaded into a cache, and their dates are compared when they are put there"),
    Fault("AUTH-09", "revocation-is-read-when-a-key-is-first-seen", _judge_once("revoked"),
          "revoking a key does not clear the cache that it is in"),
)  # fmt: skip


@fault("AUTH-09", "the expiry date is compared by day: a key lives until midnight")
def key_expires_at_the_end_of_its_day(wacrm: Wacrm) -> None:
    expired = wacrm.keys.expired

    def by_day(row: Row) -> bool:
        return expired(row) and row["expires_at"][:10] < wacrm.clock.now()[:10]

    wrap(wacrm.keys, "expired", by_day)
