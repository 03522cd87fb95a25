"""RATE-01, RATE-06, RATE-11: size, renewal and kind of the window."""

from collections import deque
from collections.abc import Callable

from reference.wacrm.assembly import Wacrm
from reference.wacrm.domain.limiter import Window
from reference.wacrm.faults.registry import Fault, fault
from reference.wacrm.patching.patches import patch
from reference.wacrm.patching.steps import replace_step, wrap


@patch
def _windows_of(wacrm: Wacrm, end: Callable[[float], float]) -> None:
    """A window that begins at a moment of the monotonic clock ends at `end` of it."""

    def current(key_hash: str) -> Window:
        now = wacrm.clock.monotonic()
        window = wacrm.limiter.windows.get(key_hash)
        if window is None or window.ends <= now:
            window = wacrm.limiter.windows[key_hash] = Window(end(now))
        return window

    replace_step(wacrm.limiter, "current", current)


@patch
def _after_reset(wacrm: Wacrm, used: Callable[[Window], int]) -> None:
    """What a key's next window starts with, given its last one."""
    current = wacrm.limiter.current

    def carried(key_hash: str) -> Window:
        before = wacrm.limiter.windows.get(key_hash)
        window = current(key_hash)
        if before is not None and window is not before:
            window.used = used(before)
        return window

    wrap(wacrm.limiter, "current", carried)


ROWS = (
    Fault("RATE-06", "half-the-budget-after-reset", _after_reset(lambda before: before.used // 2),
          "half of what was used is carried over into the next window"),
    Fault("RATE-06", "one-request-less-after-reset", _after_reset(lambda _before: 1),
          "the first request after the reset is counted in both windows"),
)  # fmt: skip


@fault("RATE-01", "the counter is compared with > instead of >=")
def one_request_too_many(wacrm: Wacrm) -> None:
    charge = wacrm.limiter.charge

    def generous(key_hash: str) -> None:
        window = wacrm.limiter.current(key_hash)
        if window.used == wacrm.limiter.limit:
            window.used += 1
        else:
            charge(key_hash)

    wrap(wacrm.limiter, "charge", generous)


@fault("RATE-01", "the request that opens the window is counted twice")
def one_request_too_few(wacrm: Wacrm) -> None:
    charge = wacrm.limiter.charge

    def strict(key_hash: str) -> None:
        window = wacrm.limiter.current(key_hash)
        window.used = max(window.used, 1)
        charge(key_hash)

    wrap(wacrm.limiter, "charge", strict)


@fault("RATE-01", "the window's length was once written in other units, and two thirds of it are left")
def window_is_two_thirds(wacrm: Wacrm) -> None:
    _windows_of(lambda now: now + wacrm.limiter.window * 2 / 3)(wacrm)


@fault("RATE-06", "the counter's expiry is set whenever it is increased, so that a steady caller's window never ends")
def every_admission_renews_the_window(wacrm: Wacrm) -> None:
    charge = wacrm.limiter.charge

    def renewing(key_hash: str) -> None:
        charge(key_hash)
        wacrm.limiter.current(key_hash).ends = wacrm.clock.monotonic() + wacrm.limiter.window

    wrap(wacrm.limiter, "charge", renewing)


@fault("RATE-11", "variant: windows begin with the minute of the clock")
def window_is_aligned_to_the_clock(wacrm: Wacrm) -> None:
    length = wacrm.limiter.window
    _windows_of(lambda now: now + length - wacrm.clock.seconds() % length)(wacrm)


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

    replace_step(wacrm.limiter, "charge", charge)


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

    replace_step(wacrm.limiter, "charge", charge)
