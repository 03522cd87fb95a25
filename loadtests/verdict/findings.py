"""What was found, in words: the kinds of findings that a report can name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loadtests.accounting.read_side_audit import OUT_OF_REACH
from loadtests.accounting.reconciliation import MEANING, Discrepancy, DiscrepancyCount
from loadtests.verdict.evaluation import kind_of
from loadtests.verdict.results import Finding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loadtests.accounting.run import Run

KINDS = {
    "harness": "a task that broke: a defect of the load test itself",
    "schema": "an answer that is not as documented",
    "unexpected-429": "429 for a key that has budget left by our counted",
    "limiter": "the limiter admits another number than its limit, or refuses who waited as told",
    "cursor": "pagination along cursors met a row twice, or went back in time",
    "contact": "another contact than the one asked for",
    "counts": "a broadcast's counts contradict themselves",
    "hidden": "answered with 201, and not in its conversation",
    "shown twice": "once at Meta, and twice in its conversation",
    "altered in the API": "another text in the conversation than was sent",
    "stale status": "the API shows less than Meta reported and the deployment acknowledged",
    "lost inbound": "acknowledged to Meta, and not in the API",
    "inbound twice": "written once, and more than once in the API",
    "altered inbound": "another text in the API than the customer wrote",
    "unread count": "unread_count is not the number of unread messages",
    "broadcast counts": "counts that are not what the ledger says",
    "broadcast unfinished": "a broadcast that never became sent",
    "target died": "nobody takes connections any more",
    OUT_OF_REACH: "the read side could not be asked",
}


def findings(run: Run, discrepancies: Sequence[DiscrepancyCount]) -> list[Finding]:
    """Everything that was found, the joined records first."""
    return [*_reconciled(discrepancies), *_observed(run)]


def _reconciled(discrepancies: Sequence[DiscrepancyCount]) -> list[Finding]:
    return [
        Finding(kind_of(one), one.where, one.count, _meaning(one), one.by_scenario, one.examples)
        for one in discrepancies if one.count
    ]  # fmt: skip


def _meaning(discrepancy: DiscrepancyCount) -> str:
    if discrepancy.where == "at Meta":
        return MEANING[discrepancy.kind]
    return {Discrepancy.LOST: "acknowledged to Meta, and no event came to the receiver",
            Discrepancy.DUPLICATED: "several events for one message",
            Discrepancy.ALTERED: "an event with other text than the customer wrote"}[discrepancy.kind]  # fmt: skip


def _observed(run: Run) -> list[Finding]:
    return [
        Finding(kind, "in the API", count, KINDS.get(kind, ""), {}, examples)
        for kind, count, examples in run.observations.rows()
    ]
