"""RATE-03, RATE-04, RATE-05: the headers of a 429."""

import math
from collections.abc import Callable

from reference.wacrm.assembly import Wacrm
from reference.wacrm.domain.keys import Caller
from reference.wacrm.faults.registry import fault
from reference.wacrm.patching.patches import patch
from reference.wacrm.patching.steps import wrap
from reference.wacrm.protocol.envelope import ApiError
from reference.wacrm.protocol.operations import Operation


@patch
def _headers(wacrm: Wacrm, change: Callable[[dict[str, str], float], None]) -> None:
    headers = wacrm.limiter.headers

    def changed(remaining: float) -> dict[str, str]:
        shown = headers(remaining)
        change(shown, remaining)
        return shown

    wrap(wacrm.limiter, "headers", changed)


@fault("RATE-03", "the handler of writes has three of the four headers")
def no_reset_header_for_writes(wacrm: Wacrm) -> None:
    charge = wacrm.admission.charge

    def charged(caller: Caller, operation: Operation) -> None:
        try:
            charge(caller, operation)
        except ApiError as refusal:
            if operation.value.startswith(("create", "update", "delete", "send")):
                del refusal.headers["X-RateLimit-Reset"]
            raise

    wrap(wacrm.admission, "charge", charged)


@fault("RATE-03", "the rejected request is subtracted too", _headers)
def remaining_is_below_zero(shown: dict[str, str], _remaining: float) -> None:
    shown["X-RateLimit-Remaining"] = "-1"


@fault("RATE-03", "Retry-After is written as a fraction of seconds", _headers)
def retry_after_is_a_fraction(shown: dict[str, str], remaining: float) -> None:
    shown["Retry-After"] = f"{remaining:.3f}"


@fault("RATE-04", "the reset time is taken from a clock in local time", _headers)
def reset_is_an_hour_ahead(shown: dict[str, str], _remaining: float) -> None:
    shown["X-RateLimit-Reset"] = str(int(shown["X-RateLimit-Reset"]) + 3600)


@fault("RATE-04", "the reset time is the end of the next window")
def reset_is_one_window_late(wacrm: Wacrm) -> None:
    def shift(shown: dict[str, str], _remaining: float) -> None:
        shown["X-RateLimit-Reset"] = str(int(shown["X-RateLimit-Reset"]) + math.ceil(wacrm.limiter.window))

    _headers(shift)(wacrm)


@fault("RATE-05", "both times are rounded down, and who waits that long comes too early")
def retry_after_is_rounded_down(wacrm: Wacrm) -> None:
    headers = wacrm.limiter.headers

    def early(remaining: float) -> dict[str, str]:
        return headers(max(1.0, float(math.floor(remaining - 1))))

    wrap(wacrm.limiter, "headers", early)


@fault("RATE-05", "Retry-After is cut off at the decimal point", _headers)
def retry_after_loses_its_fraction(shown: dict[str, str], remaining: float) -> None:
    shown["Retry-After"] = str(max(1, math.floor(remaining)))


@fault("RATE-05", "Retry-After is always a whole window, however much of it is over")
def retry_after_is_always_a_whole_window(wacrm: Wacrm) -> None:
    headers = wacrm.limiter.headers

    def whole(_remaining: float) -> dict[str, str]:
        return headers(wacrm.limiter.window)

    wrap(wacrm.limiter, "headers", whole)
