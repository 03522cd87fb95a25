"""MSG: a message's status follows Meta's webhooks, and never goes back (10, 11)."""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING

import pytest

from conformance.target import expect
from conformance.target.concurrency import at_once
from conformance.target.expect import requirement
from conformance.target.waiting import eventually
from conformance.wacrm.steps.account import needed
from conformance.wacrm.steps.messages import TYPES, sample, send_at_once
from conformance.wacrm.steps.statuses import DELIVERED, FAILED, READ, SENT, Thread

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from conformance.wacrm.steps.account import Account
    from conformance.wacrm.steps.messages import Row

pytestmark = pytest.mark.usefixtures("sends", "hears")


def in_steps(thread: Thread, orders: Sequence[Sequence[str]], *, timed: bool = True) -> None:
    """Message i gets the statuses of order i, one webhook for each step of all."""
    for step in range(max(map(len, orders))):
        due = [(wamid, order[step]) for wamid, order in zip(thread.wamids, orders, strict=False) if step < len(order)]
        thread.report(*(thread.item(wamid, status, timed=timed) for wamid, status in due))


# -- MSG-10 -----------------------------------------------------------------------------------------------------------

COURSES = (
    (SENT,), (SENT, DELIVERED), (SENT, DELIVERED, READ), (DELIVERED,), (DELIVERED, READ), (READ,), (SENT, READ), (FAILED,),
    (SENT, FAILED),
)  # fmt: skip


@requirement("MSG-10")
def test_status_is_what_meta_reported_last(account: Account) -> None:
    """Every course that Meta documents, with any of its reports left out; a message that nothing is said of stands still."""
    thread = Thread(account, len(COURSES) + 1)
    for step in range(3):
        due = [
            (wamid, course[step]) for wamid, course in zip(thread.wamids, COURSES, strict=False) if step < len(course)
        ]
        thread.report(*(thread.item(wamid, status) for wamid, status in due))
        thread.become({wamid: [status] for wamid, status in due})
    silent = thread.statuses().get(thread.wamids[-1])
    expect.that(silent not in {DELIVERED, READ, FAILED}, "the last message as it was", f"its status is {silent!r}")


@requirement("MSG-10")
@pytest.mark.parametrize("status", [DELIVERED, READ, FAILED])
def test_messages_of_every_type_have_a_status_that_follows(account: Account, status: str) -> None:
    thread = Thread(account, 1)
    answers = [account.send(thread.number, **_fields(kind, account.word())) for kind in TYPES]
    wamids = [answer["whatsapp_message_id"] for answer in answers]
    thread.report(*(thread.item(wamid, status) for wamid in wamids))
    thread.become({wamid: [status] for wamid in wamids})


@requirement("MSG-10")
def test_another_accounts_messages_have_a_status_that_follows(other: Account) -> None:
    thread = Thread(other, 3)
    ends = dict(zip(thread.wamids, (DELIVERED, READ, FAILED), strict=True))
    thread.report(*(thread.item(wamid, end) for wamid, end in ends.items()))
    thread.become({wamid: (end,) for wamid, end in ends.items()})


def _fields(kind: str, word: str) -> Row:
    return {name: value for name, value in sample(kind, word).to("").items() if name != "to"}


@requirement("MSG-10")
def test_a_status_is_of_the_message_that_it_names(account: Account) -> None:
    """Whatever it says of the recipient: Meta writes some countries' numbers otherwise than they were asked for."""
    thread = Thread(account, 3)
    elsewhere = account.numbers.fresh().lstrip("+")
    thread.report(thread.item(thread.wamids[1], READ, recipient_id=elsewhere))
    thread.become({thread.wamids[1]: [READ]})
    thread.report(
        thread.item(thread.wamids[0], DELIVERED, recipient_id=None, biz_opaque_callback_data="x", pricing=None)
    )
    thread.become({thread.wamids[0]: [DELIVERED], thread.wamids[1]: [READ]})
    untouched = thread.statuses()[thread.wamids[2]]
    expect.that(untouched not in {DELIVERED, READ, FAILED}, "the third message as it was", f"it is {untouched!r}")


@requirement("MSG-10")
@pytest.mark.usefixtures("hears")
@pytest.mark.parametrize("script", [(SENT,), (SENT, DELIVERED), (SENT, DELIVERED, READ), (FAILED,)], ids="-".join)
def test_statuses_that_overtake_metas_answer_are_not_lost(account: Account, script: tuple[str, ...]) -> None:
    number = account.numbers.fresh()
    account.mock_meta.script(number, *((status, 0.02 * i) for i, status in enumerate(script)))
    account.mock_meta.fault(number, delay=0.35)
    answer = account.send(number)
    wanted = script[-1]

    def row() -> Row | None:
        found = account.message(answer["conversation_id"], answer["whatsapp_message_id"])
        return found if found and found.get("status") == wanted else None

    found = eventually(row, account.mock_meta.patience)
    expect.that(found, f"the status {wanted!r} that was reported before Meta answered", "another one")


@requirement("MSG-10")
def test_a_status_without_a_word_of_its_own_does_no_harm(account: Account) -> None:
    """Voice notes are also `played`; `deleted` and `warning` are of old. The documented words are what a client may see."""
    thread = Thread(account, 3)
    words = ("played", "deleted", "warning")
    thread.report(*(thread.item(wamid, DELIVERED) for wamid in thread.wamids))
    thread.become(dict.fromkeys(thread.wamids, (DELIVERED,)))
    thread.report(*(thread.item(wamid, word) for wamid, word in zip(thread.wamids, words, strict=True)))
    thread.stay({wamid: [DELIVERED, READ] for wamid in thread.wamids})
    thread.report(*(thread.item(wamid, READ) for wamid in thread.wamids))
    thread.become(dict.fromkeys(thread.wamids, (READ,)))


# -- MSG-11 -----------------------------------------------------------------------------------------------------------

ORDERS = (
    *permutations((SENT, DELIVERED, READ)), *permutations((SENT, DELIVERED)), *permutations((SENT, READ)),
    *permutations((DELIVERED, READ)), *permutations((SENT, FAILED)),
    (SENT, SENT), (READ, READ, DELIVERED, SENT, READ), (READ, SENT, DELIVERED, SENT, SENT), (DELIVERED, SENT, DELIVERED, SENT),
    (FAILED, SENT, FAILED, SENT),
)  # fmt: skip
CONTRADICTIONS = tuple(permutations((SENT, DELIVERED, FAILED))) + tuple(permutations((SENT, DELIVERED, READ, FAILED)))
"""Meta never reports both that a message arrived and that it failed; the documentation does not say which counts."""


def final(order: Sequence[str]) -> list[str]:
    """Where any order of these reports may end: the farthest along, or `failed`."""
    farthest = max((status for status in order if status != FAILED), key=[SENT, DELIVERED, READ].index, default=FAILED)
    if FAILED not in order:
        return [farthest]
    return [FAILED] if farthest == SENT else [FAILED, farthest]


@requirement("MSG-11")
@pytest.mark.parametrize("timed", [True, False], ids=["each its second", "one second"])
def test_no_order_and_no_repetition_of_reports_takes_a_status_back(account: Account, *, timed: bool) -> None:
    thread = Thread(account, len(ORDERS))
    in_steps(thread, ORDERS, timed=timed)
    thread.stay({wamid: final(order) for wamid, order in zip(thread.wamids, ORDERS, strict=True)})


@requirement("MSG-11")
def test_contradicting_reports_end_at_one_of_them_and_not_before_both(account: Account) -> None:
    thread = Thread(account, len(CONTRADICTIONS))
    in_steps(thread, CONTRADICTIONS)
    thread.stay({wamid: final(order) for wamid, order in zip(thread.wamids, CONTRADICTIONS, strict=True)})


@requirement("MSG-11")
@pytest.mark.parametrize("timed", [True, False], ids=["each its second", "one second"])
def test_a_failure_that_comes_late_takes_no_reading_back(account: Account, *, timed: bool) -> None:
    """What was read had arrived: a report of failure, which Meta dates before it, cannot be the later state."""
    courses = ((READ,), (SENT, DELIVERED, READ), (DELIVERED, READ))
    thread = Thread(account, len(courses))
    in_steps(thread, courses, timed=timed)
    was_read = eventually(lambda: set(thread.statuses().values()) == {READ}, account.mock_meta.patience)
    expect.precondition(was_read, "messages that were reported as read do not become so (MSG-10)")
    thread.report(*(thread.item(wamid, FAILED, timed=timed) for wamid in thread.wamids))
    thread.stay(dict.fromkeys(thread.wamids, (READ,)))


@requirement("MSG-11")
def test_reports_of_one_webhook_are_in_no_order(account: Account) -> None:
    thread = Thread(account, len(ORDERS))
    pairs = [(wamid, status) for wamid, order in zip(thread.wamids, ORDERS, strict=True) for status in order]
    thread.report(*(thread.item(wamid, status) for wamid, status in pairs))
    thread.stay({wamid: final(order) for wamid, order in zip(thread.wamids, ORDERS, strict=True)})


@requirement("MSG-11")
def test_webhooks_that_come_once_more_take_no_status_back(account: Account) -> None:
    """The very bytes of each earlier webhook, after the last one, as Meta does it when an answer was lost."""
    thread = Thread(account, 2)
    read, failed = thread.wamids
    steps = ((read, SENT), (failed, SENT), (read, DELIVERED), (failed, FAILED), (read, READ))
    deliveries = [thread.report(thread.item(wamid, status)) for wamid, status in steps]
    thread.become({read: [READ], failed: [FAILED]})
    for delivery in (*deliveries, *reversed(deliveries)):
        account.mock_meta.acknowledged([account.mock_meta.replay(delivery["id"])])
    thread.stay({read: [READ], failed: [FAILED]})


@requirement("MSG-11")
def test_webhooks_at_the_same_moment_take_no_status_back(account: Account) -> None:
    thread = Thread(account, 8)

    def reporter(status: str) -> Callable[[], Row]:
        return lambda: thread.report(*(thread.item(wamid, status) for wamid in thread.wamids))

    at_once([reporter(status) for status in (READ, SENT, DELIVERED, SENT, DELIVERED)])
    thread.stay(dict.fromkeys(thread.wamids, (READ,)))


@requirement("MSG-11")
def test_statuses_that_overtake_metas_answer_in_disorder_end_at_the_farthest(account: Account) -> None:
    """The first message's come in order: where they are lost as well, that is MSG-10's to say."""
    scripts = [order for order in ORDERS if len(set(order)) > 1][:8]
    numbers = [account.numbers.fresh() for _ in scripts]
    for number, script in zip(numbers, scripts, strict=True):
        account.mock_meta.script(number, *((status, 0.02 * i) for i, status in enumerate(script)))
    account.mock_meta.fault(numbers, times=len(numbers), delay=0.35)
    exchanges = send_at_once(account, *({"to": number, "text": account.word()} for number in numbers))
    answers = [needed(exchange, 201) for exchange in exchanges]
    in_order = eventually(lambda: _has(account, answers[0], final(scripts[0])), account.mock_meta.patience)
    expect.precondition(in_order, "statuses that come before Meta's answer are lost")
    for exchange, answer, script in zip(exchanges, answers, scripts, strict=True):
        wanted = final(script)
        found = eventually(lambda a=answer, w=wanted: _has(account, a, w), account.mock_meta.patience)
        expect.that(found, f"the status {' or '.join(wanted)} after {', '.join(script)}", "another one", exchange)


def _has(account: Account, answer: Row, wanted: Sequence[str]) -> bool:
    row = account.message(answer["conversation_id"], answer["whatsapp_message_id"])
    return row is not None and row.get("status") in wanted
