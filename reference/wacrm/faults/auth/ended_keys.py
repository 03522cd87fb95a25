"""AUTH-03, AUTH-04, AUTH-05: keys that were revoked or have expired, and what a refusal reveals."""

from typing import TYPE_CHECKING

from starlette.requests import Request

from reference.wacrm.assembly import Wacrm
from reference.wacrm.domain.keys import Caller
from reference.wacrm.faults.registry import Fault, fault
from reference.wacrm.patching.patches import patch
from reference.wacrm.patching.steps import wrap
from reference.wacrm.protocol.envelope import ApiError, Code
from reference.wacrm.protocol.operations import Operation
from reference.wacrm.storage.database import Row

if TYPE_CHECKING:
    from collections.abc import Callable


@patch
def _skip(wacrm: Wacrm, check: str, operation: Operation) -> None:
    """One operation's key cache knows nothing of one of the two ways in which a key ends."""
    identify, ended = wacrm.admission.identify, getattr(wacrm.keys, check)
    asked_for: list[Operation] = []

    def noted(request: Request, asked: Operation) -> Caller:
        asked_for[:] = [asked]
        return identify(request, asked)

    def checked(row: Row) -> bool:
        return asked_for != [operation] and ended(row)

    wrap(wacrm.admission, "identify", noted)
    wrap(wacrm.keys, check, checked)


@patch
def _reveal(wacrm: Wacrm, check: str, message: str) -> None:
    ended: Callable[[Row], bool] = getattr(wacrm.keys, check)

    def revealed(row: Row) -> bool:
        if ended(row):
            raise ApiError(Code.UNAUTHORIZED, message, {"WWW-Authenticate": "Bearer"})
        return False

    wrap(wacrm.keys, check, revealed)


ROWS = (
    Fault("AUTH-03", "revoked-key-still-lists-conversations", _skip("revoked", Operation.LIST_CONVERSATIONS),
          "the key cache of the inbox routes is not cleared when a key is revoked"),
    Fault("AUTH-03", "revoked-key-still-sends", _skip("revoked", Operation.SEND_MESSAGE),
          "the sending route keeps verified keys in memory and never asks again"),
    Fault("AUTH-03", "revoked-key-still-deletes-webhooks", _skip("revoked", Operation.DELETE_WEBHOOK),
          "revocation is checked on reads and writes, and forgotten on deletes"),
    Fault("AUTH-04", "expired-key-still-lists-contacts", _skip("expired", Operation.LIST_CONTACTS),
          "the list route's query finds keys by hash alone, whatever their date"),
    Fault("AUTH-04", "expired-key-still-launches-broadcasts", _skip("expired", Operation.CREATE_BROADCAST),
          "the campaign route was written before keys could expire"),
    Fault("AUTH-04", "expired-key-still-reads-webhooks", _skip("expired", Operation.READ_WEBHOOK),
          "the expiry date is compared in the wrong direction on one route"),
    Fault("AUTH-05", "revoked-key-is-told-so", _reveal("revoked", "This API key has been revoked."),
          "the message reveals that a key is revoked, not unknown"),
    Fault("AUTH-05", "expired-key-is-told-so", _reveal("expired", "This API key has expired."),
          "the message reveals that a key is expired, not unknown"),
)  # fmt: skip


@fault("AUTH-05", "a malformed key gets advice that an unknown one does not get")
def malformed_key_is_told_so(wacrm: Wacrm) -> None:
    presented = wacrm.keys.presented

    def revealed(authorization: str | None) -> str | None:
        key = presented(authorization)
        if key is None and authorization is not None:
            raise ApiError(Code.UNAUTHORIZED, "API keys start with wacrm_live_.", {"WWW-Authenticate": "Bearer"})
        return key

    wrap(wacrm.keys, "presented", revealed)


@fault("AUTH-05", "the limiter's headers are set for every key that the database knows")
def revoked_key_shows_a_budget(wacrm: Wacrm) -> None:
    revoked = wacrm.keys.revoked

    def checked(row: Row) -> bool:
        if revoked(row):
            refusal = wacrm.keys.refusal()
            limited = {"X-RateLimit-Limit": str(wacrm.limiter.limit)}
            raise ApiError(refusal.code, refusal.message, refusal.headers | limited)
        return False

    wrap(wacrm.keys, "revoked", checked)
