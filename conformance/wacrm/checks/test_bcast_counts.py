"""BCAST: the counts, against what Meta accepted and what its webhooks said."""

from __future__ import annotations

import itertools
import math
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from conformance.target import expect
from conformance.target.expect import requirement
from conformance.wacrm.steps import reconciliation
from conformance.wacrm.steps.account import needed
from conformance.wacrm.steps.broadcasts import launch

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from conformance.wacrm.steps.account import Account
    from conformance.wacrm.steps.broadcasts import Broadcast
    from conformance.wacrm.steps.reconciliation import Poll

PROGRESS = ("sent", "delivered", "read")
SAMPLES = 20
"""Webhooks by which the time until the API shows them is measured."""


def silent(account: Account, count: int) -> Broadcast:
    """A finished broadcast of which Meta has reported nothing yet."""
    to = account.numbers.many(count)
    account.mock_meta.script(to)
    broadcast = launch(account, to)
    expect.precondition(broadcast.finished(), "the broadcast does not finish")
    expect.precondition(len(broadcast.wamids()) == count, "Meta did not accept every message of the broadcast")
    return broadcast


def tell(broadcast: Broadcast, *reports: tuple[str, str]) -> None:
    """These (wamid, status), each in a webhook of its own; no verdict when the deployment does not take one."""
    for report in reports:
        tell_at_once(broadcast, report)


def tell_at_once(broadcast: Broadcast, *reports: tuple[str, str]) -> None:
    """The same in one webhook."""
    account = broadcast.account
    items = [{"id": wamid, "status": status} | _why(status) for wamid, status in reports]
    account.mock_meta.acknowledged(account.mock_meta.statuses(account.phone_number_id, *items))


def _why(status: str) -> dict[str, Any]:
    error = {"code": 131026, "title": "Message undeliverable", "message": "Message undeliverable"}
    return {"errors": [error]} if status == "failed" else {}


def reply(broadcast: Broadcast, to: str, wamid: str | None, **message: Any) -> None:  # noqa: ANN401 - Meta's members
    """The recipient (digits) answers, quoting a message when it is given."""
    quoted: dict[str, Any] = {} if wamid is None else {"context": {"id": wamid}}
    broadcast.account.receive(f"+{to}", **quoted, **message)


def judge(broadcast: Broadcast, what: str, *names: str) -> None:
    """Demand that the counts come to what is due."""
    broadcast.clean(broadcast.settled(broadcast.dues(), names or reconciliation.COUNTS), what)


# -- sent and failed --------------------------------------------------------------------------------------------------------


@requirement("BCAST-07")
def test_sent_counts_what_meta_accepted_before_any_webhook(account: Account) -> None:
    judge(silent(account, 5), "sent_count to be the 5 messages that Meta accepted, and nothing else counted")


# -- delivered, read, replied -----------------------------------------------------------------------------------------------


@requirement("BCAST-08")
def test_counts_converge_to_what_the_webhooks_said(account: Account) -> None:
    to = account.numbers.many(12)
    account.mock_meta.script(to[0:2])
    account.mock_meta.script(to[2:4], ("sent", 0.0))
    account.mock_meta.script(to[4:7], ("sent", 0.0), ("delivered", 0.1))
    account.mock_meta.script(to[7:], ("sent", 0.0), ("delivered", 0.1), ("read", 0.2))
    broadcast = launch(account, to)
    expect.precondition(broadcast.finished(), "the broadcast does not finish")
    judge(broadcast, "8 delivered, 5 of them read, none replied")


@requirement("BCAST-08")
@pytest.mark.parametrize("status", ["delivered", "read"])
def test_one_report_counts_for_one_recipient(account: Account, status: str) -> None:
    """Whoever read it has it delivered, whether Meta says so or not (fact sheet 16.1: delivered may be skipped)."""
    broadcast = silent(account, 4)
    tell(broadcast, (next(iter(broadcast.wamids().values())), status))
    judge(broadcast, f"one recipient counted as {status}")


KINDS: dict[str, dict[str, Any]] = {
    "text": {},
    "button": {"type": "button", "button": {"payload": "Ok", "text": "Ok"}},
    "image": {"type": "image"},
}


@requirement("BCAST-08")
@pytest.mark.parametrize("kind", KINDS)
def test_a_reply_counts_its_recipient_once(account: Account, kind: str) -> None:
    broadcast = silent(account, 4)
    wamids = sorted(broadcast.wamids().items())
    for to, wamid in wamids[:2]:
        reply(broadcast, to, wamid, **KINDS[kind])
    reply(broadcast, *wamids[0])
    judge(broadcast, "two recipients counted as replied, one of whom wrote twice")


@requirement("BCAST-08")
def test_replies_during_the_fan_out_count(account: Account) -> None:
    to = account.numbers.many(8)
    account.mock_meta.script(to)
    account.mock_meta.fault(to[4:], times=4, delay=0.7)
    broadcast = launch(account, to)
    quick = {number.removeprefix("+") for number in to[:4]}
    answered = broadcast.until(lambda poll: poll.sent >= len(quick), account.mock_meta.patience)
    for recipient, wamid in broadcast.wamids().items():
        if recipient in quick:
            reply(broadcast, recipient, wamid)
    expect.precondition(answered.sent and broadcast.finished(), "the broadcast does not finish")
    judge(broadcast, "the four who replied while others were still being sent to", "replied")


@requirement("BCAST-08")
def test_strangers_and_similar_numbers_reply_for_nobody(account: Account) -> None:
    similar, recipient = account.numbers.sharing_tail()
    other, twin = account.numbers.differing_in_country()
    account.mock_meta.script([recipient, other])
    broadcast = launch(account, [recipient, other])
    expect.precondition(broadcast.finished(), "the broadcast does not finish")
    for number in (similar, twin, account.numbers.fresh()):
        account.receive(number)
    reply(broadcast, other.removeprefix("+"), broadcast.wamids()[other.removeprefix("+")])
    judge(broadcast, "one reply, of the recipient who wrote", "replied")


@requirement("BCAST-08")
def test_single_messages_to_a_recipient_count_nowhere(account: Account) -> None:
    """Sends and their statuses run beside the broadcast, to the same people."""
    to = account.numbers.many(6)
    account.mock_meta.script(to)
    with ThreadPoolExecutor(3) as pool:
        before = pool.submit(account.send, to[0])
        broadcast = launch(account, to)
        sends = [before.result(), *pool.map(account.send, to[:3])]
    expect.precondition(broadcast.finished(), "the broadcast does not finish")
    wamids = [str(send.get("whatsapp_message_id")) for send in sends]
    tell(broadcast, *[(wamid, status) for wamid in wamids for status in PROGRESS])
    tell(broadcast, (broadcast.wamids()[to[5].removeprefix("+")], "delivered"))
    judge(broadcast, "one delivered message of the broadcast, whatever became of the single messages")


@requirement("BCAST-08")
def test_the_time_from_webhook_to_count(account: Account, measure: Callable[[str, Any], None]) -> None:
    broadcast = silent(account, SAMPLES)
    seconds = []
    for count, wamid in enumerate(broadcast.wamids().values(), start=1):
        began = time.monotonic()
        tell(broadcast, (wamid, "delivered"))
        shown = broadcast.until(_delivered(count), account.mock_meta.patience, 0.005)
        seconds.append(shown.at - began)
    judge(broadcast, "every recipient counted as delivered", "delivered")
    ordered = sorted(seconds)
    measure("webhook_to_count_p50_seconds", round(statistics.median(ordered), 4))
    measure("webhook_to_count_p95_seconds", round(ordered[math.ceil(0.95 * len(ordered)) - 1], 4))
    measure("webhook_to_count_max_seconds", round(ordered[-1], 4))


def _delivered(count: int) -> Callable[[Poll], bool]:
    return lambda poll: poll.delivered >= count


# -- at every poll ----------------------------------------------------------------------------------------------------------

ORDERS = [*itertools.permutations(PROGRESS), ("delivered", "read"), ("read", "delivered"), ("read",), ("delivered",)]
APART = 0.12
"""Seconds between the statuses of one message, long enough for a poll to fall between two of them."""


@requirement("BCAST-09")
def test_no_poll_contradicts_itself_or_an_earlier_one(account: Account) -> None:
    """Statuses come in every order while sends are still under way; the API is asked all the time."""
    to = account.numbers.many(len(ORDERS) * 2)
    for numbers, order in zip(_pairs(to), ORDERS, strict=True):
        account.mock_meta.script(numbers, *[(status, 0.02 + APART * i) for i, status in enumerate(order)])
    account.mock_meta.fault(to[1::6], times=4, delay=0.4)
    account.mock_meta.fault(to[4:5], times=None, error={"code": 131026})
    broadcast = launch(account, to)
    over = time.monotonic() + 0.4 + APART * (len(PROGRESS) + 1)
    broadcast.until(lambda poll: poll.status == "sent" and poll.at > over, account.mock_meta.patience, 0.01)
    due = broadcast.dues()
    broadcast.settled(due)
    found = reconciliation.contradictions(broadcast.polls)
    expect.that(
        not found,
        "counts that never fall, and read ≤ delivered ≤ sent at every poll",
        "; ".join(found),
        broadcast.answer,
    )


def _pairs(to: Sequence[str]) -> list[Sequence[str]]:
    return [to[i : i + 2] for i in range(0, len(to), 2)]


# -- every order ------------------------------------------------------------------------------------------------------------


@requirement("BCAST-10")
def test_reports_in_every_order_count_alike(account: Account) -> None:
    broadcast = silent(account, len(ORDERS))
    for wamid, order in zip(broadcast.wamids().values(), ORDERS, strict=True):
        for status in order:
            tell(broadcast, (wamid, status))
    judge(broadcast, "every recipient delivered and all but one read, in whatever order Meta said so")


@requirement("BCAST-10")
def test_reports_in_one_webhook_count_in_every_order(account: Account) -> None:
    broadcast = silent(account, len(ORDERS))
    tell_at_once(
        broadcast, *[(w, s) for w, order in zip(broadcast.wamids().values(), ORDERS, strict=True) for s in order]
    )
    judge(broadcast, "every recipient delivered and all but one read, all said in one webhook")


@requirement("BCAST-10")
def test_reports_that_come_twice_count_once(account: Account) -> None:
    broadcast = silent(account, 3)
    first, second, _ = broadcast.wamids().values()
    for _ in range(3):
        tell_at_once(broadcast, (first, "delivered"), (first, "delivered"), (second, "read"))
        tell(broadcast, (first, "sent"))
    deliveries = account.mock_meta.statuses(account.phone_number_id, {"id": second, "status": "read"})
    account.mock_meta.acknowledged([account.mock_meta.replay(str(deliveries[0]["id"]))])
    judge(broadcast, "two delivered, one of them read, however often Meta says so")


@requirement("BCAST-10")
def test_a_reply_that_is_redelivered_counts_once(account: Account) -> None:
    broadcast = silent(account, 3)
    to, wamid = next(iter(broadcast.wamids().items()))
    message = {"from": to, "type": "text", "text": {"body": account.word()}, "context": {"id": wamid}}
    body = {"phone_number_id": account.phone_number_id, "messages": [message], "batch": False, "wait": True}
    answer = account.mock_meta.request("POST", "/inbound", body)
    account.mock_meta.acknowledged([*answer["deliveries"], account.mock_meta.replay(answer["deliveries"][0]["id"])])
    judge(broadcast, "one recipient counted as replied")


@requirement("BCAST-10")
def test_reports_of_unknown_messages_count_for_nobody(account: Account) -> None:
    broadcast = silent(account, 3)
    first = next(iter(broadcast.wamids().values()))
    unknown = "wamid." + account.word()
    tell_at_once(broadcast, (unknown, "delivered"), (first, "delivered"), (unknown, "read"))
    tell(broadcast, (unknown, "failed"))
    judge(broadcast, "one delivered, in a webhook that tells of unknown messages too")


@requirement("BCAST-10")
def test_reports_before_the_answer_to_the_send_are_not_lost(account: Account) -> None:
    to = account.numbers.many(6)
    account.mock_meta.script(to[:3], *[(status, 0.0) for status in PROGRESS])
    account.mock_meta.script(to[3:], ("read", 0.0), ("delivered", 0.0))
    account.mock_meta.fault(to, times=len(to), delay=0.7)
    broadcast = launch(account, to)
    expect.precondition(broadcast.finished(), "the broadcast does not finish")
    judge(broadcast, "all six read, as Meta said before it answered the sends")


@requirement("BCAST-10")
@pytest.mark.parametrize("status", ["delivered", "read"])
def test_reports_at_once_after_the_send_are_not_lost(account: Account, status: str) -> None:
    to = account.numbers.many(40)
    account.mock_meta.script(to, (status, 0.0))
    broadcast = launch(account, to)
    expect.precondition(broadcast.finished(), "the broadcast does not finish")
    judge(broadcast, f"all 40 {status}, as Meta said at the moment of each send")


@requirement("BCAST-10")
@pytest.mark.parametrize(
    "order", [("delivered", "failed"), ("read", "failed"), ("failed", "delivered"), ("failed", "read")]
)
def test_failed_and_its_opposite_leave_the_books_closed(account: Account, order: tuple[str, str]) -> None:
    """Which of the two is believed is the target's choice, as long as nobody is counted twice or not at all."""
    broadcast = silent(account, 3)
    wamid = next(iter(broadcast.wamids().values()))
    for status in order:
        tell(broadcast, (wamid, status))
        broadcast.poll()
    judge(broadcast, f"{order[0]} and then {order[1]} to be counted for one recipient")
    last = broadcast.polls[-1]
    total = f"{last.sent} and {last.failed}"
    expect.that(
        reconciliation.closed(broadcast.order, last),
        "sent and failed together to be 3",
        total,
        *broadcast.exchanges(),
    )


# -- two at once ------------------------------------------------------------------------------------------------------------


@requirement("BCAST-13")
def test_two_broadcasts_with_common_recipients_are_each_accounted_right(account: Account) -> None:
    """Statuses and replies belong to the broadcast whose message they are about."""
    to = account.numbers.many(9)
    account.mock_meta.script(to)
    account.mock_meta.fault([to[0], to[8]], times=2, delay=0.5)
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda numbers: launch(account, numbers), (to[:6], to[3:]))
    done = first.finished() and second.finished()
    expect.precondition(done, "a broadcast does not finish")
    mine, others = first.wamids(), second.wamids()
    common = sorted(set(mine) & set(others))
    tell(first, *[(mine[who], "delivered") for who in common], (mine[common[0]], "read"))
    tell(second, *[(others[who], "read") for who in common[:2]])
    reply(first, common[0], mine[common[0]])
    reply(second, common[1], others[common[1]])
    for broadcast, name in ((first, "first"), (second, "second")):
        lost = reconciliation.only(
            reconciliation.mailing(broadcast.order, broadcast.posts()), reconciliation.Trouble.LOST
        )
        broadcast.clean(lost, f"each recipient of the {name} broadcast to get its message")
        judge(broadcast, f"the {name} broadcast to count what happened to its own messages")


@requirement("BCAST-13")
def test_other_accounts_broadcasts_to_the_same_people_count_for_themselves(account: Account, other: Account) -> None:
    to = account.numbers.many(3)
    account.mock_meta.script(to)
    with ThreadPoolExecutor(2) as pool:
        here, there = pool.map(lambda of: launch(of, to), (account, other))
    expect.precondition(here.finished() and there.finished(), "a broadcast does not finish")
    tell(here, *[(wamid, "read") for wamid in here.wamids().values()])
    judge(here, "the account's own broadcast to count its own readers")
    needed(other.api.get(f"/broadcasts/{there.id}"), 200)
    judge(there, "the other account's broadcast to count nothing of it")
