"""RATE-02, RATE-07, RATE-08, RATE-12: bursts, and what shares a budget."""

import itertools
from collections.abc import Callable
from contextvars import ContextVar

from starlette.requests import Request

from reference.wacrm.assembly import Wacrm
from reference.wacrm.domain.keys import Caller
from reference.wacrm.faults.registry import Fault, fault
from reference.wacrm.patching.patches import patch
from reference.wacrm.patching.steps import wrap
from reference.wacrm.protocol.envelope import ApiError
from reference.wacrm.protocol.operations import Operation

_RACE_SECONDS = 0.0005


_SPILL_SECONDS = 5.0


@patch
def _spill(wacrm: Wacrm, reaches: Callable[[Caller, Caller], bool]) -> None:
    """A key that starts a window shortly after another one was exhausted is put into that one's window."""
    charge, exhausted = wacrm.admission.charge, list[tuple[float, Caller]]()

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

    wrap(wacrm.admission, "charge", spilled)


@patch
def _budget(wacrm: Wacrm, operation: Operation, own: str | None) -> None:
    """One operation draws on a budget of its own, or on none."""
    charge = wacrm.admission.charge

    def charged(caller: Caller, asked: Operation) -> None:
        if asked is not operation:
            charge(caller, asked)
        elif own is not None:
            wacrm.limiter.charge(f"{caller.key_hash}:{own}")

    wrap(wacrm.admission, "charge", charged)


@patch
def _several_limiters(wacrm: Wacrm, count: int) -> None:
    """As many windows per key as there are processes behind the balancer, which takes turns."""
    charge, turns = wacrm.admission.charge, dict[str, int]()

    def balanced(caller: Caller, operation: Operation) -> None:
        turn = turns[caller.key_hash] = (turns.get(caller.key_hash, -1) + 1) % count
        if turn:
            wacrm.limiter.charge(f"{caller.key_hash}:{turn}")
        else:
            charge(caller, operation)

    wrap(wacrm.admission, "charge", balanced)


ROWS = (
    Fault("RATE-07", "a-fresh-key-joins-its-accounts-exhausted-window",
          _spill(lambda caller, other: caller.account_id == other.account_id),
          "the windows of an account's keys are kept together"),
    Fault("RATE-07", "a-fresh-key-joins-another-accounts-exhausted-window",
          _spill(lambda caller, other: caller.account_id != other.account_id),
          "a key is throttled for the load that another account has caused"),
    Fault("RATE-08", "read-broadcast-is-free", _budget(Operation.READ_BROADCAST, None),
          "polling a broadcast was taken out of the limiter for the dashboard's sake"),
    Fault("RATE-08", "delete-webhook-is-free", _budget(Operation.DELETE_WEBHOOK, None),
          "deleting has a handler of its own, without the limiter"),
    Fault("RATE-08", "list-messages-has-a-budget-of-its-own", _budget(Operation.LIST_MESSAGES, "messages"),
          "the limiter's key contains the path, for one router"),
    Fault("RATE-12", "two-limiters-behind-one-door", _several_limiters(2),
          "two processes behind a load balancer, each with a limiter of its own"),
    Fault("RATE-12", "four-limiters-behind-one-door", _several_limiters(4),
          "four processes behind a load balancer, each with a limiter of its own"),
)  # fmt: skip


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

    wrap(wacrm.limiter, "charge", racing)


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

    wrap(wacrm.limiter, "charge", forgiving)


@fault("RATE-08", "a send is refused when the budget is spent, but takes nothing of it")
def sends_are_not_counted(wacrm: Wacrm) -> None:
    charge = wacrm.admission.charge

    def uncounted(caller: Caller, operation: Operation) -> None:
        charge(caller, operation)
        if operation is Operation.SEND_MESSAGE:
            wacrm.limiter.current(caller.key_hash).used -= 1

    wrap(wacrm.admission, "charge", uncounted)


@fault("RATE-12", "a load balancer assigns connections to two processes, each with a limiter of its own")
def a_limiter_for_every_second_connection(wacrm: Wacrm) -> None:
    admit, charge, seen = wacrm.admission.admit, wacrm.limiter.charge, dict[int, int]()
    process = ContextVar("process", default=0)

    def led(request: Request, operation: Operation) -> Caller:
        port = request.client.port if request.client else 0
        process.set(seen.setdefault(port, len(seen) % 2))
        return admit(request, operation)

    wrap(wacrm.admission, "admit", led)
    wrap(wacrm.limiter, "charge", lambda key_hash: charge(f"{key_hash}:{process.get()}"))
