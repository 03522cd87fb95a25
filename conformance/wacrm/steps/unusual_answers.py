"""Answers and deliveries that few other checks cause: after deliveries, after failures, of a spent key (SPEC-04)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.target.burst import burst
from conformance.target.verdicts import NoVerdict
from conformance.wacrm.specification import OPENAPI
from conformance.wacrm.steps.endpoints import RECEIVED, STATUS

if TYPE_CHECKING:
    from conformance.target.keys import KeyPool
    from conformance.target.probe import Probe
    from conformance.wacrm.steps.account import Account
    from conformance.wacrm.steps.endpoints import Endpoints
    from conformance.wacrm.steps.valid_requests import Calls

MORE = 5
MOST_TO_SPEND = 1000
"""A key with a larger budget is not spent: its 429 stays unseen."""


def read_endpoints_that_were_delivered_to(account: Account, endpoints: Endpoints) -> None:
    """One that took its deliveries, one that refused them; a message that was read, one that failed."""
    good, bad = endpoints.register(), endpoints.register()
    endpoints.receiver.answer(bad.path, status=500)
    read, failed = account.numbers.fresh(), account.numbers.fresh()
    account.mock_meta.script(read, ("sent", 0.0), ("delivered", 0.05), ("read", 0.1))
    account.mock_meta.script(failed, {"status": "failed", "after": 0.05, "error": {"code": 131026}})
    for number in (read, failed):
        sent = account.send(number)
        good.wait(STATUS, whatsapp_message_id=sent["whatsapp_message_id"])
    good.wait(RECEIVED, whatsapp_message_id=account.receive(read))
    for endpoint in (good, bad):
        endpoint.until(lambda row: row.get("last_delivery_at") or row.get("failure_count"))
        endpoints.api.patch(f"/webhooks/{endpoint.id}", {"events": [RECEIVED]})
    endpoints.rows()


def ask_with_a_spent_key(probe: Probe, pool: KeyPool, limit: int, calls: Calls) -> None:
    """Every operation with a key that has no budget left; no verdict without a key to spend."""
    if limit > MOST_TO_SPEND:
        return
    key = pool.exclusive()
    if key is None:
        raise NoVerdict("no key is left to spend: keys.full has too few")
    burst(probe, "/me", key, limit + MORE)
    for operation in OPENAPI.operations:
        calls.to_nothing(operation).bare(probe, key)
