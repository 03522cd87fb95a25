"""HOOK: many deliveries to one endpoint at one moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.target import expect
from conformance.target.expect import requirement
from conformance.wacrm.steps.endpoints import RECEIVED, Hooks

if TYPE_CHECKING:
    from conformance.target.target import Capabilities
    from conformance.wacrm.steps.account import Account


@requirement("HOOK-10")
def test_failures_at_one_moment_all_count(account: Account, hooks: Hooks, capabilities: Capabilities) -> None:
    """Twice as many as it takes, without a success between them, from one webhook of Meta's."""
    most = capabilities.webhook_failures
    endpoint = hooks.register(RECEIVED)
    hooks.receiver.answer(endpoint.path, status=500)
    customer = account.numbers.fresh()[1:]
    items = [{"from": customer, "type": "text", "text": {"body": account.word()}} for _ in range(2 * most)]
    account.mock_meta.inbound(account.phone_number_id, *items, batch=True)
    hooks.receiver.settled(endpoint.path, at_least=most, quiet=1.0)
    failed = len(endpoint.attempts())
    expect.precondition(failed >= most, f"only {failed} of {2 * most} deliveries arrive")
    row = endpoint.until(lambda row: row.get("is_active") is False)
    said = f"is_active {row.get('is_active')} and failure_count {row.get('failure_count')} after {failed} failures"
    expect.that(row.get("is_active") is False, f"the endpoint switched off after {most} consecutive failures", said)
