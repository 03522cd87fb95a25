"""What was found, in words: the kinds of trouble that a report can name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loadtests.accounting.read_side_audit import OUT_OF_REACH
from loadtests.accounting.reconciliation import MEANING, Account, Trouble
from loadtests.verdict.evaluation import kind_of
from loadtests.verdict.results import Finding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loadtests.cluster.master import Run

KINDS = {
    "harness": "a visit that broke: a defect of the load test itself",
    "schema": "an answer that is not as documented",
    "unexpected-429": "429 for a key that has budget left by our account",
    "limiter": "the limiter admits another number than its limit, or refuses who waited as told",
    "cursor": "a walk along cursors met a row twice, or went back in time",
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


def findings(run: Run, accounts: Sequence[Account]) -> list[Finding]:
    """Everything that was found, the joined records first."""
    return [*_in_the_books(accounts), *_watched(run)]


def _in_the_books(accounts: Sequence[Account]) -> list[Finding]:
    return [
        Finding(kind_of(account), account.where, account.count, _meaning(account), account.by_scenario, account.examples)
        for account in accounts if account.count
    ]  # fmt: skip


def _meaning(account: Account) -> str:
    if account.where == "at Meta":
        return MEANING[account.trouble]
    return {Trouble.LOST: "acknowledged to Meta, and no event came to the receiver",
            Trouble.DUPLICATED: "several events for one message",
            Trouble.ALTERED: "an event with other text than the customer wrote"}[account.trouble]  # fmt: skip


def _watched(run: Run) -> list[Finding]:
    return [
        Finding(kind, "in the API", count, KINDS.get(kind, ""), {}, examples)
        for kind, (count, examples) in run.troubles.items()
    ]
