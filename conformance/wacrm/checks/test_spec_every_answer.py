"""SPEC-04: every answer and every delivery of the run, whatever check caused it.

What a check of the clauses in `JUDGED_THERE` was answered with is judged under that clause and not repeated here, and
neither is what is wrong with deliveries while HOOK-05 is red.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from conformance.generation.every_answer import described
from conformance.target import expect
from conformance.target.expect import requirement
from conformance.target.verdicts import Lacking, Mismatch, NoVerdict
from conformance.wacrm.specification import OPENAPI
from conformance.wacrm.steps import unusual_answers
from conformance.wacrm.steps.endpoints import EVENTS, as_evidence

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.generation.every_answer import AnswerAudit
    from conformance.runner.run_state import RunState
    from conformance.target.keys import KeyPool
    from conformance.target.probe import Probe
    from conformance.target.target import Capabilities, Target
    from conformance.wacrm.steps.account import Account
    from conformance.wacrm.steps.endpoints import Endpoints
    from conformance.wacrm.steps.valid_requests import Calls
    from conformance.webhooks.receiver_client import Receiver

pytestmark = pytest.mark.xdist_group("every-answer")

JUDGED_THERE = {"ENV-01", "ENV-02", "ENV-03", "ENV-04", "ENV-05", "ENV-07", "RATE-03", "SPEC-01", "SPEC-02", "SPEC-03"}
SHOWN = 12
PATIENCE = 60.0
"""Seconds for what the audit has not looked at yet."""


@requirement("SPEC-04")
def test_every_answer_conforms(
    answer_audit: AnswerAudit,
    run_state: RunState,
    probe: Probe,
    pool: KeyPool,
    target: Target,
    calls: Calls,
    measure: Callable[[str, Any], None],
) -> None:
    unusual_answers.ask_with_a_spent_key(probe, pool, target.target.limit, calls)
    found = [one for one in answer_audit.found(PATIENCE) if not one.clauses & JUDGED_THERE]
    measure("answers checked", answer_audit.checked)
    if found:
        lines = [described(one) for one in found]
        raise Mismatch(
            "every answer of the run as documented",
            f"{len(found)} kinds of answers are not: {lines[0]}",
            *[one.exchange for one in found[:SHOWN]],
            evidence=lines[1:],
        )
    expect.precondition(answer_audit.checked, "no operation was answered")
    _only_part_seen(run_state)


@requirement("SPEC-04")
@pytest.mark.usefixtures("answer_audit", "hears", "sends")
def test_every_delivery_conforms(
    account: Account, endpoints: Endpoints, receiver: Receiver, capabilities: Capabilities, run_state: RunState
) -> None:
    if not capabilities.webhooks:
        raise Lacking("capabilities.webhooks is false")
    unusual_answers.read_endpoints_that_were_delivered_to(account, endpoints)
    attempts = receiver.attempts("")
    expect.precondition(attempts, "no delivery arrives")
    expect.precondition(not run_state.is_red("HOOK-05"), "HOOK-05 says what is wrong with the deliveries")
    wrong: dict[str, list[str]] = {}
    for attempt in attempts:
        body = attempt.json()
        event = body.get("event") if isinstance(body, dict) else None
        problems = OPENAPI.validate_event(event, body) if event in EVENTS else []
        for problem in problems:
            wrong.setdefault(f"{event}: {problem.partition(', got ')[0]}", as_evidence([attempt]))
    expect.that(not wrong, "every delivery of the run as documented", lambda: "; ".join(wrong))


def _only_part_seen(run_state: RunState) -> None:
    if run_state.worker[1] > 1:
        raise NoVerdict("one of several workers sees its own answers only: run without -n to judge them all")
