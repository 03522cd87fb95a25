"""BCAST: what becomes of a broadcast when Meta refuses, throttles, fails, is slow, or does not answer.

All broadcasts are started before the first is judged, so that the waits for timeouts run beside each other.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from conformance.target import expect, waiting
from conformance.target.expect import requirement
from conformance.target.numbers import variants
from conformance.target.verdicts import NoVerdict
from conformance.wacrm.steps import reconciliation
from conformance.wacrm.steps.account import needed
from conformance.wacrm.steps.broadcasts import ACCEPTED, GREETING, Broadcast, launch, submit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conformance.wacrm.steps.account import Account

pytestmark = pytest.mark.xdist_group("broadcasts-under-faults")

SILENCE = 12.0
"""Seconds after which Meta hangs up without an answer, for targets that have no deadline of their own."""
STRUCK = (0, 3)
"""The fault strikes the recipients at these places."""
FEW, CROWD = 6, 40
"""Recipients of a broadcast; a crowd is more than a fan-out sends to at once, so that one that gives up is seen."""


@dataclass(frozen=True)
class Trouble:
    """A fault at Meta: `fault` as mock Meta takes it, `times` a recipient is struck (None: always), `struck` who is.

    `lost`: the fault may hide from the target whether Meta took the message; `believed`: it may look as if Meta had.
    """

    fault: dict[str, Any]
    times: int | None = None
    struck: tuple[int, ...] = STRUCK
    lost: bool = False
    believed: bool = False
    recipients: int = FEW


REFUSED = {
    "recipient not allowed (131030)": Trouble({"error": {"code": 131030}}),
    "recipient undeliverable (131026)": Trouble({"error": {"code": 131026}}),
    "template unknown for one (132001)": Trouble({"error": {"code": 132001}}),
    "parameters do not match (132000)": Trouble({"error": {"code": 132000}}),
    "token expired (190)": Trouble({"error": {"code": 190}}),
    "account locked (131031)": Trouble({"error": {"code": 131031}}),
}
FAILING = {
    "throttled (130429)": Trouble({"error": {"code": 130429}}, recipients=CROWD),
    "throttled once (130429)": Trouble({"error": {"code": 130429}}, times=1),
    "throttled as HTTP 429": Trouble({"error": {"code": 4, "http_status": 429}}),
    "pair limit (131056)": Trouble({"error": {"code": 131056}}, recipients=CROWD),
    "call limit (80007)": Trouble({"error": {"code": 80007}}),
    "something went wrong (131000, HTTP 500)": Trouble({"error": {"code": 131000}}, recipients=CROWD),
    "service unavailable (131016, HTTP 500)": Trouble({"error": {"code": 131016}}),
    "API service (2, HTTP 503)": Trouble({"error": {"code": 2}}, recipients=CROWD),
    "a proxy's page (HTTP 502)": Trouble(
        {"http": {"status": 502, "body": "<html>Bad gateway</html>"}}, recipients=CROWD
    ),
    "an empty HTTP 500": Trouble({"http": {"status": 500, "body": "", "content_type": "text/plain"}}),
    "a success that names no message": Trouble(
        {"http": {"status": 200, "body": "{}", "content_type": "application/json"}}, lost=True, believed=True
    ),
    "a success that is no JSON": Trouble(
        {"http": {"status": 200, "body": "<html>Sorry</html>"}}, lost=True, believed=True
    ),
    "connection reset before": Trouble({"reset": "before"}, lost=True, recipients=CROWD),
}
LOST = {
    "connection reset after Meta accepted": Trouble({"reset": "after_accept"}, lost=True),
    "no answer": Trouble({"hang": "before", "delay": SILENCE}, struck=(1,), lost=True),
    "no answer after Meta accepted": Trouble({"hang": "after_accept", "delay": SILENCE}, struck=(1,), lost=True),
    "an error after Meta's delay": Trouble({"error": {"code": 131000}, "delay": 1.0}),
}
SLOW = {"slow answers": Trouble({"delay": 1.2}, struck=(0, 1, 5))}
TROUBLES = {**REFUSED, **FAILING, **LOST, **SLOW}


@dataclass
class Struck:
    """A broadcast under a fault. `over`: whether it came to its end, which a thread waits for."""

    trouble: Trouble
    broadcast: Broadcast
    victims: frozenset[str]
    over: Future[bool] = field(repr=False)

    def ended(self) -> None:
        """Demand the end (BCAST-06, BCAST-11)."""
        last = self.broadcast.polls[-1] if self.broadcast.polls else None
        expect.that(self.over.result(), "the broadcast to finish", lambda: f"still {last}", *self.broadcast.exchanges())

    def needs_end(self) -> None:
        expect.precondition(self.over.result(), "the broadcast does not finish")

    def undecided(self) -> frozenset[str]:
        """Victims whose message Meta took without the target being told, or took in the target's eyes alone."""
        return self.victims if self.trouble.lost else frozenset()


@pytest.fixture(scope="module")
def struck(shared_account: Callable[[str], Account]) -> Iterator[dict[str, Struck]]:
    """All broadcasts by the name of their trouble, started."""
    account = shared_account("broadcasts under faults")
    armed: list[str] = []
    with ThreadPoolExecutor(len(TROUBLES)) as pool:
        yield {name: _strike(account, trouble, pool, armed) for name, trouble in TROUBLES.items()}
    for fault in armed:
        account.mock_meta.lift(fault)


def _strike(account: Account, trouble: Trouble, pool: ThreadPoolExecutor, armed: list[str]) -> Struck:
    to = account.numbers.many(trouble.recipients)
    victims = [to[place] for place in trouble.struck]
    account.mock_meta.script(to)
    for victim in victims:
        spellings = variants(victim.removeprefix("+"))
        armed.append(account.mock_meta.fault(spellings, times=trouble.times, **trouble.fault))
    broadcast = launch(account, to)
    patience = account.mock_meta.patience + (SILENCE if "hang" in trouble.fault else 0)
    over = pool.submit(broadcast.called_sent, patience)
    return Struck(trouble, broadcast, frozenset(victim.removeprefix("+") for victim in victims), over)


def _books(case: Struck) -> dict[str, reconciliation.Due]:
    due = case.broadcast.dues(case.undecided())
    if case.trouble.believed:
        due["sent"] = reconciliation.Due(due["sent"].must, due["sent"].may | case.victims)
    return due


# -- it ends ----------------------------------------------------------------------------------------------------------------


@requirement("BCAST-06")
@pytest.mark.parametrize("name", REFUSED)
def test_a_broadcast_with_refused_recipients_is_sent_in_the_end(struck: dict[str, Struck], name: str) -> None:
    struck[name].ended()


@requirement("BCAST-07")
@pytest.mark.parametrize("name", REFUSED)
def test_failed_counts_what_meta_refused(struck: dict[str, Struck], name: str) -> None:
    case = struck[name]
    case.needs_end()
    found = case.broadcast.settled(_books(case), ["sent", "failed"])
    case.broadcast.clean(found, "what Meta took as sent, what it refused as failed")


# -- nobody is forgotten, nobody written to twice ---------------------------------------------------------------------------


@requirement("BCAST-05")
@pytest.mark.parametrize("name", [*REFUSED, *FAILING, *SLOW])
def test_the_others_get_their_message_and_nobody_two(struck: dict[str, Struck], name: str) -> None:
    """A send is not repeated when Meta may have taken it: a lost answer is no reason to write twice."""
    case = struck[name]
    case.needs_end()
    spared = case.victims if name not in SLOW else ()
    found = reconciliation.mailing(case.broadcast.order, case.broadcast.posts(), spared)
    case.broadcast.clean(found, "everybody else to get one message, and nobody two")


# -- all of them ------------------------------------------------------------------------------------------------------------


@requirement("BCAST-07")
def test_an_unknown_template_fails_for_everybody(account: Account) -> None:
    """A target that knows its templates may refuse it before anything is sent."""
    nonce, to = account.word(), account.numbers.many(3)
    recipients = [{"to": number, "params": [nonce, nonce]} for number in to]
    body = {"template_name": f"{GREETING}_unknown", "recipients": recipients}
    try:
        broadcast = submit(account, nonce, recipients, template_name=body["template_name"])
    except NoVerdict:
        expect.that(not account.mock_meta.accepted(contains=nonce), "nothing sent", "a message that Meta took")
        return
    expect.precondition(broadcast.finished(), "the broadcast does not finish")
    broadcast.clean(broadcast.settled(broadcast.dues(), ["sent", "failed"]), "all three counted as failed")


@requirement("BCAST-07")
@pytest.mark.parametrize("code", [131026, 131049])
def test_what_fails_after_meta_took_it_is_counted_once(account: Account, code: int) -> None:
    """Sent or failed, but not both and not neither."""
    to = account.numbers.many(5)
    account.mock_meta.script(to[:2], {"status": "failed", "after": 0.05, "error": {"code": code}})
    account.mock_meta.script(to[2:3], ("sent", 0.0), {"status": "failed", "after": 0.1, "error": {"code": code}})
    account.mock_meta.script(to[3:], ("delivered", 0.0))
    broadcast = launch(account, to)
    expect.precondition(broadcast.finished(), "the broadcast does not finish")
    waiting.pause(0.1)
    broadcast.clean(broadcast.settled(broadcast.dues(), ["sent", "failed"]), "five recipients counted once each")
    last = broadcast.poll()
    both = f"{last.sent} and {last.failed}"
    expect.that(
        reconciliation.closed(broadcast.order, last),
        "sent and failed together to be 5",
        both,
        *broadcast.exchanges(),
    )


@requirement("BCAST-07")
def test_an_account_without_whatsapp_sends_nothing(account: Account) -> None:
    """It may be refused, or every recipient fails; it must not count anybody as sent."""
    bare = account.api.as_role("unconfigured")
    to = account.numbers.many(2)
    answer = bare.post(
        "/broadcasts", {"template_name": GREETING, "recipients": [{"to": t, "params": ["a", "b"]} for t in to]}
    )
    if answer.status not in ACCEPTED:
        expect.status(answer, 400)
        return
    identity = needed(answer, *ACCEPTED)["broadcast_id"]
    row: dict[str, Any] = needed(bare.get(f"/broadcasts/{identity}"), 200)
    expect.equal(row.get("sent_count"), 0, "sent_count", answer)


# -- troubles that pass, judged last since their ends take time ------------------------------------------------------------


@requirement("BCAST-11")
@pytest.mark.parametrize("name", [*FAILING, *LOST, *SLOW])
def test_a_broadcast_ends_and_its_victims_fail(struck: dict[str, Struck], name: str) -> None:
    """Retries that end in success are fine, and so is either count where the target cannot know what Meta did."""
    case = struck[name]
    case.ended()
    broadcast = case.broadcast
    last = broadcast.until(
        lambda poll: reconciliation.closed(broadcast.order, poll), broadcast.account.mock_meta.patience
    )
    both = f"{last.sent} and {last.failed}"
    expect.that(
        reconciliation.closed(broadcast.order, last),
        "sent and failed to be all of them",
        both,
        *broadcast.exchanges(),
    )
    broadcast.clean(
        broadcast.settled(_books(case), ["sent", "failed"]), "the victims to be counted as failed, no others"
    )


@requirement("BCAST-05")
@pytest.mark.parametrize("name", LOST)
def test_a_lost_answer_is_no_reason_to_write_twice(struck: dict[str, Struck], name: str) -> None:
    case = struck[name]
    case.needs_end()
    found = reconciliation.mailing(case.broadcast.order, case.broadcast.posts(), case.victims)
    case.broadcast.clean(found, "everybody else to get one message, and nobody two")


@requirement("BCAST-09")
def test_no_poll_under_faults_contradicts_another(struck: dict[str, Struck]) -> None:
    for name, case in struck.items():
        found = reconciliation.contradictions(case.broadcast.polls)
        shown = f"{name}: {'; '.join(found)}"
        expect.that(
            not found, "counts that never fall, and read ≤ delivered ≤ sent", shown, *case.broadcast.exchanges()
        )
