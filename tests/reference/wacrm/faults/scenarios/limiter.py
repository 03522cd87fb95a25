"""RATE: budgets and windows."""

import time

from tests.reference.wacrm.conftest import Deployment
from tests.reference.wacrm.domain.test_admission import UUID
from tests.reference.wacrm.faults.scenarios.log import BODIES, Log, of


@of("RATE")
def a_spent_budget(wacrm: Deployment, log: Log) -> None:
    made = wacrm.hook("message.received", letter="B")
    for n in range(14):
        log(n, wacrm.get("/me", "0").status_code)
    log(wacrm.get("/me", "1"), wacrm.get("/me", "B").status_code)
    refusal = wacrm.get("/me", "0")
    log(sorted(refusal.headers.raw[:0]), sorted(name for name in refusal.headers if "rate" in name or "retry" in name))
    now, reset = time.time(), refusal.headers.get("x-ratelimit-reset", "0")
    wait = refusal.headers.get("retry-after", "")
    log(wait.isdigit() and 58 <= int(wait) <= 60, 58 <= int(reset) - now <= 62)
    ends = wacrm.wacrm.limiter.windows
    at = {name: window.ends for name, window in ends.items()}
    wacrm.get("/me", "0")
    log(all(abs(window.ends - at.get(name, window.ends)) < 0.0001 for name, window in ends.items()))
    for _ in range(12):
        statuses = [wacrm.get(f"/broadcasts/{UUID}", "2"), wacrm.call("DELETE", f"/webhooks/{UUID}", letter="a")]
        statuses += [
            wacrm.get(f"/conversations/{UUID}/messages", "b"),
            wacrm.get("/contacts", "N"),
            wacrm.get("/me", "c"),
        ]
        log([answer.status_code for answer in statuses])
    log(wacrm.get("/me", "C").status_code, [wacrm.get("/me", "g").status_code for _ in range(5)])
    for _ in range(11):
        log(wacrm.get(f"/webhooks/{made['id']}", "d").status_code)
        log(wacrm.call("DELETE", f"/webhooks/{UUID}", letter="e").status_code)
        log(wacrm.get(f"/broadcasts/{UUID}", "f").status_code)
        log(wacrm.get(f"/conversations/{UUID}/messages", "g").status_code)
        log(wacrm.get("/contacts").status_code)
    for path in ("/contacts", "/messages"):
        log(wacrm.post(path, BODIES[path]))
    wacrm.settle()
    log(len(wacrm.meta.asked), wacrm.wacrm.db.rows("SELECT phone FROM contacts", {}))


@of("RATE")
def after_the_reset(wacrm: Deployment, log: Log) -> None:
    now = [1000.0]
    wacrm.wacrm.clock.monotonic = lambda: now[0]  # type: ignore[method-assign]
    for step in (0, *[0.5] * 11, 6, 30, 18.5, *[0.5] * 12, 60, 0, 0, 20, *[0] * 8, 45, *[0] * 11):
        now[0] += step
        answer = wacrm.get("/me", "0")
        log(step, answer.status_code, answer.headers.get("retry-after"))


@of("RATE")
def at_the_same_moment(wacrm: Deployment, log: Log) -> None:
    wacrm.wacrm.clock.monotonic = lambda: 1000.0  # type: ignore[method-assign]
    log([wacrm.get("/me", "0").status_code for _ in range(14)])
