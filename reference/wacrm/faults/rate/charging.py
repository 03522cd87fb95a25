"""RATE-09, RATE-10: effects of rejected requests, and what is charged."""

from typing import TYPE_CHECKING

from starlette.requests import Request

from reference.wacrm.assembly import Wacrm
from reference.wacrm.domain.keys import Caller
from reference.wacrm.faults.registry import Fault, fault
from reference.wacrm.patching.patches import patch, refuse_late, refuse_late_awaited
from reference.wacrm.patching.steps import wrap
from reference.wacrm.protocol.envelope import ApiError
from reference.wacrm.protocol.operations import Operation

if TYPE_CHECKING:
    from collections.abc import Callable


@patch
def _refund(wacrm: Wacrm, step: str) -> None:
    """What fails at a step of the admission is not charged."""
    check: Callable[[Caller, Operation], None] = getattr(wacrm.admission, step)

    def refunding(caller: Caller, operation: Operation) -> None:
        try:
            check(caller, operation)
        except ApiError:
            wacrm.limiter.current(caller.key_hash).used -= 1
            raise

    wrap(wacrm.admission, step, refunding)


ROWS = (
    Fault("RATE-09", "rejected-contact-is-written", refuse_late("charge", Operation.CREATE_CONTACT, "contacts.create"),
          "the limiter is asked after the contact is written"),
    Fault("RATE-09", "rejected-change-of-a-contact-is-kept", refuse_late("charge", Operation.UPDATE_CONTACT, "contacts.update"),
          "the limiter is asked after the contact is changed"),
    Fault("RATE-09", "rejected-deletion-of-an-endpoint-is-done",
          refuse_late("charge", Operation.DELETE_WEBHOOK, "endpoints.delete"),
          "the limiter is asked after the endpoint is deleted"),
    Fault("RATE-09", "rejected-message-is-sent", refuse_late_awaited("charge", Operation.SEND_MESSAGE, "messages.send"),
          "the limiter is asked after the message has gone to Meta"),
    Fault("RATE-10", "forbidden-costs-nothing", _refund("check_scope"),
          "variant: the scope is checked before the limiter, a 403 costs nothing"),
)  # fmt: skip


@fault("RATE-09", "a rejected request starts the window anew")
def rejected_requests_prolong_the_wait(wacrm: Wacrm) -> None:
    refusal, charge = wacrm.limiter.refusal, wacrm.limiter.charge

    def prolonging(key_hash: str) -> None:
        window = wacrm.limiter.current(key_hash)
        if window.used >= wacrm.limiter.limit:
            window.ends = wacrm.clock.monotonic() + wacrm.limiter.window
            raise refusal(wacrm.limiter.window)
        charge(key_hash)

    wrap(wacrm.limiter, "charge", prolonging)


@fault("RATE-10", "variant: a 403 costs two requests, against guessing")
def forbidden_costs_double(wacrm: Wacrm) -> None:
    check = wacrm.admission.check_scope

    def double(caller: Caller, operation: Operation) -> None:
        try:
            check(caller, operation)
        except ApiError:
            wacrm.limiter.current(caller.key_hash).used += 1
            raise

    wrap(wacrm.admission, "check_scope", double)


@fault("RATE-10", "variant: callers without a valid key share a budget, and get 429 when it is spent")
def unknown_keys_are_limited(wacrm: Wacrm) -> None:
    identify = wacrm.admission.identify

    def limited(request: Request, operation: Operation) -> Caller:
        try:
            return identify(request, operation)
        except ApiError:
            wacrm.limiter.charge("nobody")
            raise

    wrap(wacrm.admission, "identify", limited)
