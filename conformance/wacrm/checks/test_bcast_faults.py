"""BCAST-05, -06, -07, -09, -11: broadcasts while Meta refuses, throttles, fails, is slow or does not answer.

All broadcasts are started before the first is checked, so that their time-outs run side by side.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from conformance.meta.templates import GREETING
from conformance.target import expect, waiting
from conformance.target.expect import requirement
from conformance.target.numbers import variants
from conformance.target.verdicts import NoVerdict
from conformance.wacrm.expectations.broadcasts import (
    counts_match,
    each_recipient_got_its_message,
    no_discrepancies,
    polls_are_consistent,
    sent_and_failed_add_up,
)
from conformance.wacrm.steps import reconciliation
from conformance.wacrm.steps.account import required
from conformance.wacrm.steps.broadcasts import ACCEPTED, Broadcast, launch, submit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conformance.wacrm.steps.account import Account

pytestmark = pytest.mark.xdist_group("broadcasts-under-faults")

HANG_SECONDS = 12.0
"""Seconds after which Meta closes the connection without an answer, for targets without a time-out."""
AFFECTED = (0, 3)
"""Positions of the recipients that the fault is for."""
FEW, MANY = 6, 40
"""Numbers of recipients; `MANY` is more than a fan-out sends to at once, so that a fan-out that gives up is seen."""


@dataclass(frozen=True)
class MetaFault:
    """A fault at Meta: `fault` as mock Meta's control takes it, `times` per recipient (None: always), `affected`
    positions.

    `outcome_unknown`: the target may not learn whether Meta accepted the message. `may_look_accepted`: the answer may
    look like an acceptance.
    """

    fault: dict[str, Any]
    times: int | None = None
    affected: tuple[int, ...] = AFFECTED
    outcome_unknown: bool = False
    may_look_accepted: bool = False
    recipients: int = FEW


REFUSED = {
    "recipient not allowed (131030)": MetaFault({"error": {"code": 131030}}),
    "recipient undeliverable (131026)": MetaFault({"error": {"code": 131026}}),
    "template unknown for one (132001)": MetaFault({"error": {"code": 132001}}),
    "parameters do not match (132000)": MetaFault({"error": {"code": 132000}}),
    "token expired (190)": MetaFault({"error": {"code": 190}}),
    "account locked (131031)": MetaFault({"error": {"code": 131031}}),
}
FAILING = {
    "throttled (130429)": MetaFault({"error": {"code": 130429}}, recipients=MANY),
    "throttled once (130429)": MetaFault({"error": {"code": 130429}}, times=1),
    "throttled as HTTP 429": MetaFault({"error": {"code": 4, "http_status": 429}}),
    "pair limit (131056)": MetaFault({"error": {"code": 131056}}, recipients=MANY),
    "call limit (80007)": MetaFault({"error": {"code": 80007}}),
    "something went wrong (131000, HTTP 500)": MetaFault({"error": {"code": 131000}}, recipients=MANY),
    "service unavailable (131016, HTTP 500)": MetaFault({"error": {"code": 131016}}),
    "API service (2, HTTP 503)": MetaFault({"error": {"code": 2}}, recipients=MANY),
    "a proxy's page (HTTP 502)": MetaFault(
        {"http": {"status": 502, "body": "<html>Bad gateway</html>"}}, recipients=MANY
    ),
    "an empty HTTP 500": MetaFault({"http": {"status": 500, "body": "", "content_type": "text/plain"}}),
    "a success that names no message": MetaFault(
        {"http": {"status": 200, "body": "{}", "content_type": "application/json"}},
        outcome_unknown=True,
        may_look_accepted=True,
    ),
    "a success that is no JSON": MetaFault(
        {"http": {"status": 200, "body": "<html>Sorry</html>"}}, outcome_unknown=True, may_look_accepted=True
    ),
    "connection reset before": MetaFault({"reset": "before"}, outcome_unknown=True, recipients=MANY),
}
LOST = {
    "connection reset after Meta accepted": MetaFault({"reset": "after_accept"}, outcome_unknown=True),
    "no answer": MetaFault({"hang": "before", "delay": HANG_SECONDS}, affected=(1,), outcome_unknown=True),
    "no answer after Meta accepted": MetaFault(
        {"hang": "after_accept", "delay": HANG_SECONDS}, affected=(1,), outcome_unknown=True
    ),
    "an error after Meta's delay": MetaFault({"error": {"code": 131000}, "delay": 1.0}),
}
SLOW = {"slow answers": MetaFault({"delay": 1.2}, affected=(0, 1, 5))}
FAULTS = {**REFUSED, **FAILING, **LOST, **SLOW}


@dataclass
class FaultedBroadcast:
    """A broadcast under a fault. `finished`: whether it ends; a thread waits for that."""

    fault: MetaFault
    broadcast: Broadcast
    affected: frozenset[str]
    finished: Future[bool] = field(repr=False)

    def require_end(self) -> None:
        """The broadcast must end (BCAST-06, BCAST-11)."""
        last = self.broadcast.polls[-1] if self.broadcast.polls else None
        expect.that(
            self.finished.result(), "the broadcast to finish", lambda: f"still {last}", *self.broadcast.exchanges()
        )

    def need_end(self) -> None:
        expect.precondition(self.finished.result() or self.broadcast.attempted(), "the broadcast does not finish")

    def undecided(self) -> frozenset[str]:
        """Affected recipients whose message may count as sent or as failed."""
        return self.affected if self.fault.outcome_unknown else frozenset()

    def counts_match(self, expected: str) -> None:
        """`sent_count` and `failed_count` must come to what Meta did (BCAST-07, BCAST-11)."""
        counts = self.broadcast.expected_counts(self.undecided())
        if self.fault.may_look_accepted:
            sent = counts["sent"]
            counts["sent"] = reconciliation.ExpectedCount(sent.must, sent.may | self.affected)
        found = self.broadcast.remaining_discrepancies(counts, ["sent", "failed"])
        no_discrepancies(self.broadcast, found, expected)


ONE_MESSAGE_EACH = "every other recipient to get one message, and nobody more than one"


@pytest.fixture(scope="module")
def faulted(shared_account: Callable[[str], Account]) -> Iterator[dict[str, FaultedBroadcast]]:
    """All broadcasts by the name of their fault, started."""
    account = shared_account("broadcasts under faults")
    armed: list[str] = []
    with ThreadPoolExecutor(len(FAULTS)) as pool:
        yield {name: _launch_under_fault(account, fault, pool, armed) for name, fault in FAULTS.items()}
    for fault in armed:
        account.mock_meta.lift(fault)


def _launch_under_fault(
    account: Account, fault: MetaFault, pool: ThreadPoolExecutor, armed: list[str]
) -> FaultedBroadcast:
    to = account.numbers.many(fault.recipients)
    affected = [to[place] for place in fault.affected]
    account.mock_meta.script(to)
    for number in affected:
        spellings = variants(number.removeprefix("+"))
        armed.append(account.mock_meta.fault(spellings, times=fault.times, **fault.fault))
    broadcast = launch(account, to)
    patience = account.mock_meta.patience + (HANG_SECONDS if "hang" in fault.fault else 0)
    finished = pool.submit(broadcast.reaches_sent, patience)
    return FaultedBroadcast(fault, broadcast, frozenset(number.removeprefix("+") for number in affected), finished)


@requirement("BCAST-06")
@pytest.mark.parametrize("name", REFUSED)
def test_a_broadcast_with_refused_recipients_becomes_sent(faulted: dict[str, FaultedBroadcast], name: str) -> None:
    faulted[name].require_end()


@requirement("BCAST-07")
@pytest.mark.parametrize("name", REFUSED)
def test_failed_count_is_the_number_that_meta_refused(faulted: dict[str, FaultedBroadcast], name: str) -> None:
    case = faulted[name]
    case.need_end()
    case.counts_match("the recipients that Meta accepted counted as sent, those that it refused as failed")


@requirement("BCAST-05")
@pytest.mark.parametrize("name", [*REFUSED, *FAILING, *SLOW])
def test_recipients_without_the_fault_get_one_message(faulted: dict[str, FaultedBroadcast], name: str) -> None:
    """A send must not be repeated when Meta may have accepted it."""
    case = faulted[name]
    case.need_end()
    optional = case.affected if name not in SLOW else frozenset()
    each_recipient_got_its_message(case.broadcast, ONE_MESSAGE_EACH, optional=optional)


@requirement("BCAST-07")
def test_an_unknown_template_fails_for_every_recipient(account: Account) -> None:
    """A target that knows its templates may refuse the broadcast."""
    marker, to = account.marker(), account.numbers.many(3)
    recipients = [{"to": number, "params": [marker, marker]} for number in to]
    body = {"template_name": f"{GREETING}_unknown", "recipients": recipients}
    try:
        broadcast = submit(account, marker, recipients, template_name=body["template_name"])
    except NoVerdict:
        expect.that(
            not account.mock_meta.accepted(contains=marker),
            "no message at Meta after a refusal",
            "a message that Meta accepted",
        )
        return
    broadcast.require_finished()
    counts_match(broadcast, "all three counted as failed", "sent", "failed")


@requirement("BCAST-07")
@pytest.mark.parametrize("code", [131026, 131049])
def test_a_message_that_fails_after_meta_accepted_it_is_counted_once(account: Account, code: int) -> None:
    """As sent or as failed, not both and not neither."""
    to = account.numbers.many(5)
    account.mock_meta.script(to[:2], {"status": "failed", "after": 0.05, "error": {"code": code}})
    account.mock_meta.script(to[2:3], ("sent", 0.0), {"status": "failed", "after": 0.1, "error": {"code": code}})
    account.mock_meta.script(to[3:], ("delivered", 0.0))
    broadcast = launch(account, to)
    broadcast.require_finished()
    waiting.pause(0.1)
    counts_match(broadcast, "five recipients counted once each", "sent", "failed")
    last = broadcast.poll()
    sent_and_failed_add_up(broadcast, last)


@requirement("BCAST-07")
def test_an_account_without_whatsapp_sends_nothing(account: Account) -> None:
    """The broadcast may be refused or every recipient may fail; none may be counted as sent."""
    unconfigured = account.api.as_role("unconfigured")
    to = account.numbers.many(2)
    answer = unconfigured.post(
        "/broadcasts", {"template_name": GREETING, "recipients": [{"to": t, "params": ["a", "b"]} for t in to]}
    )
    if answer.status not in ACCEPTED:
        expect.status(answer, 400)
        return
    broadcast_id = required(answer, *ACCEPTED)["broadcast_id"]
    row: dict[str, Any] = required(unconfigured.get(f"/broadcasts/{broadcast_id}"), 200)
    expect.equal(row.get("sent_count"), 0, "sent_count", answer)


@requirement("BCAST-11")
@pytest.mark.parametrize("name", [*FAILING, *LOST, *SLOW])
def test_a_broadcast_ends_and_recipients_with_the_fault_are_counted_as_failed(
    faulted: dict[str, FaultedBroadcast], name: str
) -> None:
    """Successful retries are right, and either count is where the target cannot know what Meta did."""
    case = faulted[name]
    case.require_end()
    broadcast = case.broadcast
    last = broadcast.until(
        lambda poll: reconciliation.is_sum_of_recipients(broadcast.submission, poll),
        broadcast.account.mock_meta.patience,
    )
    sent_and_failed_add_up(broadcast, last)
    case.counts_match("the recipients hit by the fault counted as failed, and no others")


@requirement("BCAST-05")
@pytest.mark.parametrize("name", LOST)
def test_a_send_whose_answer_was_lost_is_not_repeated(faulted: dict[str, FaultedBroadcast], name: str) -> None:
    case = faulted[name]
    case.need_end()
    each_recipient_got_its_message(case.broadcast, ONE_MESSAGE_EACH, optional=case.affected)


@requirement("BCAST-09")
def test_counts_never_fall_under_faults(faulted: dict[str, FaultedBroadcast]) -> None:
    for name, case in faulted.items():
        polls_are_consistent(case.broadcast, name)
