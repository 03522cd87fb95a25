"""RATE: the limiter."""

import itertools
import math
from collections import deque
from collections.abc import Callable
from contextvars import ContextVar

from starlette.requests import Request

from reference.wacrm.assembly import Wacrm
from reference.wacrm.domain.keys import Caller
from reference.wacrm.domain.limiter import Window
from reference.wacrm.faults.registry import fault
from reference.wacrm.faults.steps import patch, refuse_late, refuse_late_awaited
from reference.wacrm.protocol.envelope import ApiError
from reference.wacrm.protocol.operations import Operation


@fault("RATE-01", "the counter is compared with > instead of >=")
def one_request_too_many(wacrm: Wacrm) -> None:
    charge = wacrm.limiter.charge

    def generous(key_hash: str) -> None:
        window = wacrm.limiter.current(key_hash)
        if window.used == wacrm.limiter.limit:
            window.used += 1
        else:
            charge(key_hash)

    patch(wacrm.limiter, "charge", generous)


@fault("RATE-01", "the request that opens the window is counted twice")
def one_request_too_few(wacrm: Wacrm) -> None:
    charge = wacrm.limiter.charge

    def strict(key_hash: str) -> None:
        window = wacrm.limiter.current(key_hash)
        window.used = max(window.used, 1)
        charge(key_hash)

    patch(wacrm.limiter, "charge", strict)


def _windows_of(wacrm: Wacrm, end: Callable[[float], float]) -> None:
    """A window that begins at a moment of the monotonic clock ends at `end` of it."""

    def current(key_hash: str) -> Window:
        now = wacrm.clock.monotonic()
        window = wacrm.limiter.windows.get(key_hash)
        if window is None or window.ends <= now:
            window = wacrm.limiter.windows[key_hash] = Window(end(now))
        return window

    patch(wacrm.limiter, "current", current)


@fault("RATE-01", "the window's length was once written in other units, and two thirds of it are left")
def window_is_two_thirds(wacrm: Wacrm) -> None:
    _windows_of(wacrm, lambda now: now + wacrm.limiter.window * 2 / 3)


_RACE_SECONDS = 0.0005


@fault("RATE-02", "the counter is read, increased and written back: requests at the same moment count as one")
def simultaneous_requests_count_as_one(wacrm: Wacrm) -> None:
    charge, seen = wacrm.limiter.charge, dict[str, float]()

    def racing(key_hash: str) -> None:
        now = wacrm.clock.monotonic()
        overlapping = now - seen.get(key_hash, -1.0) < _RACE_SECONDS
        seen[key_hash] = now
        charge(key_hash)
        if overlapping:
            wacrm.limiter.current(key_hash).used -= 1

    patch(wacrm.limiter, "charge", racing)


@fault("RATE-02", "a burst is smoothed by letting every tenth of its requests through uncounted")
def bursts_are_forgiven(wacrm: Wacrm) -> None:
    charge, seen = wacrm.limiter.charge, dict[str, float]()
    turns = itertools.count()

    def forgiving(key_hash: str) -> None:
        now = wacrm.clock.monotonic()
        burst = now - seen.get(key_hash, -1.0) < _RACE_SECONDS
        seen[key_hash] = now
        if burst and next(turns) % 10 == 0:
            return
        charge(key_hash)

    patch(wacrm.limiter, "charge", forgiving)


def _headers(wacrm: Wacrm, change: Callable[[dict[str, str], float], None]) -> None:
    headers = wacrm.limiter.headers

    def changed(remaining: float) -> dict[str, str]:
        shown = headers(remaining)
        change(shown, remaining)
        return shown

    patch(wacrm.limiter, "headers", changed)


@fault("RATE-03", "the handler of writes has three of the four headers")
def no_reset_header_for_writes(wacrm: Wacrm) -> None:
    charge = wacrm.gate.charge

    def charged(caller: Caller, operation: Operation) -> None:
        try:
            charge(caller, operation)
        except ApiError as refusal:
            if operation.value.startswith(("create", "update", "delete", "send")):
                del refusal.headers["X-RateLimit-Reset"]
            raise

    patch(wacrm.gate, "charge", charged)


@fault("RATE-03", "the rejected request is subtracted too")
def remaining_is_below_zero(wacrm: Wacrm) -> None:
    def subtract(shown: dict[str, str], _remaining: float) -> None:
        shown["X-RateLimit-Remaining"] = "-1"

    _headers(wacrm, subtract)


@fault("RATE-03", "Retry-After is written as a fraction of seconds")
def retry_after_is_a_fraction(wacrm: Wacrm) -> None:
    def fraction(shown: dict[str, str], remaining: float) -> None:
        shown["Retry-After"] = f"{remaining:.3f}"

    _headers(wacrm, fraction)


@fault("RATE-04", "the reset time is taken from a clock in local time")
def reset_is_an_hour_ahead(wacrm: Wacrm) -> None:
    def shift(shown: dict[str, str], _remaining: float) -> None:
        shown["X-RateLimit-Reset"] = str(int(shown["X-RateLimit-Reset"]) + 3600)

    _headers(wacrm, shift)


@fault("RATE-04", "the reset time is the end of the next window")
def reset_is_one_window_late(wacrm: Wacrm) -> None:
    def shift(shown: dict[str, str], _remaining: float) -> None:
        shown["X-RateLimit-Reset"] = str(int(shown["X-RateLimit-Reset"]) + math.ceil(wacrm.limiter.window))

    _headers(wacrm, shift)


@fault("RATE-05", "both times are rounded down, and who waits that long comes too early")
def retry_after_is_rounded_down(wacrm: Wacrm) -> None:
    headers = wacrm.limiter.headers

    def early(remaining: float) -> dict[str, str]:
        return headers(max(1.0, float(math.floor(remaining - 1))))

    patch(wacrm.limiter, "headers", early)


@fault("RATE-05", "Retry-After is cut off at the decimal point")
def retry_after_loses_its_fraction(wacrm: Wacrm) -> None:
    def cut(shown: dict[str, str], remaining: float) -> None:
        shown["Retry-After"] = str(max(1, math.floor(remaining)))

    _headers(wacrm, cut)


@fault("RATE-05", "Retry-After is always a whole window, however much of it is over")
def retry_after_is_always_a_whole_window(wacrm: Wacrm) -> None:
    headers = wacrm.limiter.headers

    def whole(_remaining: float) -> dict[str, str]:
        return headers(wacrm.limiter.window)

    patch(wacrm.limiter, "headers", whole)


def _after_reset(wacrm: Wacrm, used: Callable[[Window], int]) -> None:
    """What a key's next window starts with, given its last one."""
    current = wacrm.limiter.current

    def carried(key_hash: str) -> Window:
        before = wacrm.limiter.windows.get(key_hash)
        window = current(key_hash)
        if before is not None and window is not before:
            window.used = used(before)
        return window

    patch(wacrm.limiter, "current", carried)


@fault("RATE-06", "half of what was used is carried over into the next window")
def half_the_budget_after_reset(wacrm: Wacrm) -> None:
    _after_reset(wacrm, lambda before: before.used // 2)


@fault("RATE-06", "the first request after the reset is counted in both windows")
def one_request_less_after_reset(wacrm: Wacrm) -> None:
    _after_reset(wacrm, lambda _before: 1)


@fault("RATE-06", "the counter's expiry is set whenever it is increased, so that a steady caller's window never ends")
def every_admission_renews_the_window(wacrm: Wacrm) -> None:
    charge = wacrm.limiter.charge

    def renewing(key_hash: str) -> None:
        charge(key_hash)
        wacrm.limiter.current(key_hash).ends = wacrm.clock.monotonic() + wacrm.limiter.window

    patch(wacrm.limiter, "charge", renewing)


_SPILL_SECONDS = 5.0


def _spill(wacrm: Wacrm, reaches: Callable[[Caller, Caller], bool]) -> None:
    """A key that starts a window shortly after another one was exhausted is put into that one's window."""
    charge, exhausted = wacrm.gate.charge, list[tuple[float, Caller]]()

    def spilled(caller: Caller, operation: Operation) -> None:
        now = wacrm.clock.monotonic()
        fresh = caller.key_hash not in wacrm.limiter.windows
        for at, other in exhausted if fresh else []:
            if now - at < _SPILL_SECONDS and reaches(caller, other):
                wacrm.limiter.windows[caller.key_hash] = wacrm.limiter.current(other.key_hash)
        try:
            charge(caller, operation)
        except ApiError:
            exhausted[:] = [(now, caller)]
            raise

    patch(wacrm.gate, "charge", spilled)


@fault("RATE-07", "the windows of an account's keys are kept together")
def a_fresh_key_joins_its_accounts_exhausted_window(wacrm: Wacrm) -> None:
    _spill(wacrm, lambda caller, other: caller.account_id == other.account_id)


@fault("RATE-07", "a key is throttled for the load that another account has caused")
def a_fresh_key_joins_another_accounts_exhausted_window(wacrm: Wacrm) -> None:
    _spill(wacrm, lambda caller, other: caller.account_id != other.account_id)


def _budget(wacrm: Wacrm, operation: Operation, own: str | None) -> None:
    """One operation draws on a budget of its own, or on none."""
    charge = wacrm.gate.charge

    def charged(caller: Caller, asked: Operation) -> None:
        if asked is not operation:
            charge(caller, asked)
        elif own is not None:
            wacrm.limiter.charge(f"{caller.key_hash}:{own}")

    patch(wacrm.gate, "charge", charged)


@fault("RATE-08", "polling a broadcast was taken out of the limiter for the dashboard's sake")
def read_broadcast_is_free(wacrm: Wacrm) -> None:
    _budget(wacrm, Operation.READ_BROADCAST, None)


@fault("RATE-08", "deleting has a handler of its own, without the limiter")
def delete_webhook_is_free(wacrm: Wacrm) -> None:
    _budget(wacrm, Operation.DELETE_WEBHOOK, None)


@fault("RATE-08", "the limiter's key contains the path, for one router")
def list_messages_has_a_budget_of_its_own(wacrm: Wacrm) -> None:
    _budget(wacrm, Operation.LIST_MESSAGES, "messages")


@fault("RATE-08", "a send is refused when the budget is spent, but takes nothing of it")
def sends_are_not_counted(wacrm: Wacrm) -> None:
    charge = wacrm.gate.charge

    def uncounted(caller: Caller, operation: Operation) -> None:
        charge(caller, operation)
        if operation is Operation.SEND_MESSAGE:
            wacrm.limiter.current(caller.key_hash).used -= 1

    patch(wacrm.gate, "charge", uncounted)


@fault("RATE-09", "the limiter is asked after the contact is written")
def rejected_contact_is_written(wacrm: Wacrm) -> None:
    refuse_late(wacrm, "charge", Operation.CREATE_CONTACT, wacrm.contacts, "create")


@fault("RATE-09", "the limiter is asked after the contact is changed")
def rejected_change_of_a_contact_is_kept(wacrm: Wacrm) -> None:
    refuse_late(wacrm, "charge", Operation.UPDATE_CONTACT, wacrm.contacts, "update")


@fault("RATE-09", "the limiter is asked after the endpoint is deleted")
def rejected_deletion_of_an_endpoint_is_done(wacrm: Wacrm) -> None:
    refuse_late(wacrm, "charge", Operation.DELETE_WEBHOOK, wacrm.endpoints, "delete")


@fault("RATE-09", "the limiter is asked after the message has gone to Meta")
def rejected_message_is_sent(wacrm: Wacrm) -> None:
    refuse_late_awaited(wacrm, "charge", Operation.SEND_MESSAGE, wacrm.messages, "send")


@fault("RATE-09", "a rejected request starts the window anew")
def rejected_requests_prolong_the_wait(wacrm: Wacrm) -> None:
    refusal, charge = wacrm.limiter.refusal, wacrm.limiter.charge

    def prolonging(key_hash: str) -> None:
        window = wacrm.limiter.current(key_hash)
        if window.used >= wacrm.limiter.limit:
            window.ends = wacrm.clock.monotonic() + wacrm.limiter.window
            raise refusal(wacrm.limiter.window)
        charge(key_hash)

    patch(wacrm.limiter, "charge", prolonging)


def _refund(wacrm: Wacrm, step: str) -> None:
    """What fails at a step of the gate is not charged."""
    check: Callable[[Caller, Operation], None] = getattr(wacrm.gate, step)

    def refunding(caller: Caller, operation: Operation) -> None:
        try:
            check(caller, operation)
        except ApiError:
            wacrm.limiter.current(caller.key_hash).used -= 1
            raise

    patch(wacrm.gate, step, refunding)


@fault("RATE-10", "variant: the scope is judged before the limiter, a 403 costs nothing")
def forbidden_costs_nothing(wacrm: Wacrm) -> None:
    _refund(wacrm, "check_scope")


@fault("RATE-10", "variant: a 403 costs two requests, against guessing")
def forbidden_costs_double(wacrm: Wacrm) -> None:
    check = wacrm.gate.check_scope

    def double(caller: Caller, operation: Operation) -> None:
        try:
            check(caller, operation)
        except ApiError:
            wacrm.limiter.current(caller.key_hash).used += 1
            raise

    patch(wacrm.gate, "check_scope", double)


@fault("RATE-10", "variant: callers without a valid key share a budget, and are told 429 when it is spent")
def unknown_keys_are_limited(wacrm: Wacrm) -> None:
    identify = wacrm.gate.identify

    def limited(request: Request, operation: Operation) -> Caller:
        try:
            return identify(request, operation)
        except ApiError:
            wacrm.limiter.charge("nobody")
            raise

    patch(wacrm.gate, "identify", limited)


@fault("RATE-11", "variant: windows begin with the minute of the clock")
def window_is_aligned_to_the_clock(wacrm: Wacrm) -> None:
    length = wacrm.limiter.window
    _windows_of(wacrm, lambda now: now + length - wacrm.clock.seconds() % length)


@fault("RATE-11", "variant: a sliding log instead of a fixed window")
def window_slides(wacrm: Wacrm) -> None:
    log: dict[str, deque[float]] = {}

    def charge(key_hash: str) -> None:
        now, times = wacrm.clock.monotonic(), log.setdefault(key_hash, deque())
        while times and times[0] <= now - wacrm.limiter.window:
            times.popleft()
        if len(times) >= wacrm.limiter.limit:
            raise wacrm.limiter.refusal(times[0] + wacrm.limiter.window - now)
        times.append(now)

    patch(wacrm.limiter, "charge", charge)


@fault("RATE-11", "variant: a token bucket that refills all the time")
def budget_is_a_token_bucket(wacrm: Wacrm) -> None:
    buckets: dict[str, tuple[float, float]] = {}

    def charge(key_hash: str) -> None:
        now, rate = wacrm.clock.monotonic(), wacrm.limiter.limit / wacrm.limiter.window
        tokens, at = buckets.get(key_hash, (float(wacrm.limiter.limit), now))
        tokens = min(float(wacrm.limiter.limit), tokens + (now - at) * rate)
        buckets[key_hash] = (max(tokens - 1, 0.0) if tokens >= 1 else tokens, now)
        if tokens < 1:
            raise wacrm.limiter.refusal((1 - tokens) / rate)

    patch(wacrm.limiter, "charge", charge)


def _several_limiters(wacrm: Wacrm, count: int) -> None:
    """As many windows per key as there are processes behind the balancer, which takes turns."""
    charge, turns = wacrm.gate.charge, dict[str, int]()

    def balanced(caller: Caller, operation: Operation) -> None:
        turn = turns[caller.key_hash] = (turns.get(caller.key_hash, -1) + 1) % count
        if turn:
            wacrm.limiter.charge(f"{caller.key_hash}:{turn}")
        else:
            charge(caller, operation)

    patch(wacrm.gate, "charge", balanced)


@fault("RATE-12", "two processes with a limiter each behind one balancer")
def two_limiters_behind_one_door(wacrm: Wacrm) -> None:
    _several_limiters(wacrm, 2)


@fault("RATE-12", "four processes with a limiter each behind one balancer")
def four_limiters_behind_one_door(wacrm: Wacrm) -> None:
    _several_limiters(wacrm, 4)


@fault("RATE-12", "the balancer leads each connection to another process, and keeps it there")
def a_limiter_for_every_second_connection(wacrm: Wacrm) -> None:
    admit, charge, seen = wacrm.gate.admit, wacrm.limiter.charge, dict[int, int]()
    process = ContextVar("process", default=0)

    def led(request: Request, operation: Operation) -> Caller:
        port = request.client.port if request.client else 0
        process.set(seen.setdefault(port, len(seen) % 2))
        return admit(request, operation)

    patch(wacrm.gate, "admit", led)
    patch(wacrm.limiter, "charge", lambda key_hash: charge(f"{key_hash}:{process.get()}"))
