"""MSG-10, -11: a message's status follows Meta's webhooks and never goes back."""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING

import pytest

from conformance.target import expect
from conformance.target.concurrency import at_once
from conformance.target.expect import requirement
from conformance.target.waiting import eventually
from conformance.wacrm.expectations.statuses import keep, reach
from conformance.wacrm.steps.account import required
from conformance.wacrm.steps.outbound_messages import TYPES, sample, send_at_once
from conformance.wacrm.steps.statuses import DELIVERED, FAILED, READ, SENT, OutboundConversation

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from conformance.wacrm.steps.account import Account
    from conformance.wacrm.steps.outbound_messages import Row

pytestmark = pytest.mark.usefixtures("sends", "hears")


def report_in_steps(conversation: OutboundConversation, orders: Sequence[Sequence[str]], *, timed: bool = True) -> None:
    """Message i gets the statuses of order i, one webhook for each step."""
    for step in range(max(map(len, orders))):
        reports = [
            (wamid, order[step]) for wamid, order in zip(conversation.wamids, orders, strict=False) if step < len(order)
        ]
        conversation.report(*(conversation.item(wamid, status, timed=timed) for wamid, status in reports))


SEQUENCES = (
    (SENT,), (SENT, DELIVERED), (SENT, DELIVERED, READ), (DELIVERED,), (DELIVERED, READ), (READ,), (SENT, READ), (FAILED,),
    (SENT, FAILED),
)  # fmt: skip


@requirement("MSG-10")
def test_the_status_follows_metas_reports(account: Account) -> None:
    """Every sequence that Meta documents, with any report missing; a message without reports keeps its status."""
    conversation = OutboundConversation(account, len(SEQUENCES) + 1)
    for step in range(3):
        reports = [
            (wamid, sequence[step])
            for wamid, sequence in zip(conversation.wamids, SEQUENCES, strict=False)
            if step < len(sequence)
        ]
        conversation.report(*(conversation.item(wamid, status) for wamid, status in reports))
        reach(conversation, {wamid: [status] for wamid, status in reports})
    untouched = conversation.statuses().get(conversation.wamids[-1])
    expect.that(
        untouched not in {DELIVERED, READ, FAILED}, "the last message as it was", f"its status is {untouched!r}"
    )


@requirement("MSG-10")
@pytest.mark.parametrize("status", [DELIVERED, READ, FAILED])
def test_the_status_of_every_type_follows_metas_reports(account: Account, status: str) -> None:
    conversation = OutboundConversation(account, 1)
    answers = [account.send(conversation.number, **_fields(kind, account.marker())) for kind in TYPES]
    wamids = [answer["whatsapp_message_id"] for answer in answers]
    conversation.report(*(conversation.item(wamid, status) for wamid in wamids))
    reach(conversation, {wamid: [status] for wamid in wamids})


@requirement("MSG-10")
def test_the_status_follows_metas_reports_in_another_account(other: Account) -> None:
    conversation = OutboundConversation(other, 3)
    ends = dict(zip(conversation.wamids, (DELIVERED, READ, FAILED), strict=True))
    conversation.report(*(conversation.item(wamid, end) for wamid, end in ends.items()))
    reach(conversation, {wamid: (end,) for wamid, end in ends.items()})


def _fields(kind: str, marker: str) -> Row:
    return {name: value for name, value in sample(kind, marker).to("").items() if name != "to"}


@requirement("MSG-10")
def test_a_status_applies_to_the_message_with_its_wamid(account: Account) -> None:
    """Whatever its recipient_id: Meta writes numbers of some countries differently."""
    conversation = OutboundConversation(account, 3)
    elsewhere = account.numbers.fresh().lstrip("+")
    conversation.report(conversation.item(conversation.wamids[1], READ, recipient_id=elsewhere))
    reach(conversation, {conversation.wamids[1]: [READ]})
    conversation.report(
        conversation.item(
            conversation.wamids[0], DELIVERED, recipient_id=None, biz_opaque_callback_data="x", pricing=None
        )
    )
    reach(conversation, {conversation.wamids[0]: [DELIVERED], conversation.wamids[1]: [READ]})
    untouched = conversation.statuses()[conversation.wamids[2]]
    expect.that(untouched not in {DELIVERED, READ, FAILED}, "the third message as it was", f"it is {untouched!r}")


@requirement("MSG-10")
@pytest.mark.usefixtures("hears")
@pytest.mark.parametrize("script", [(SENT,), (SENT, DELIVERED), (SENT, DELIVERED, READ), (FAILED,)], ids="-".join)
def test_statuses_before_metas_answer_are_applied(account: Account, script: tuple[str, ...]) -> None:
    number = account.numbers.fresh()
    account.mock_meta.script(number, *((status, 0.02 * i) for i, status in enumerate(script)))
    account.mock_meta.fault(number, delay=0.35)
    answer = account.send(number)
    wanted = script[-1]

    def row() -> Row | None:
        found = account.message(answer["conversation_id"], answer["whatsapp_message_id"])
        return found if found and found.get("status") == wanted else None

    found = eventually(row, account.mock_meta.patience)
    expect.that(found, f"the status {wanted!r} that was reported before Meta answered", "another status")


@requirement("MSG-10")
def test_undocumented_statuses_do_not_change_the_status(account: Account) -> None:
    """Voice notes can be `played`; `deleted` and `warning` are obsolete. Clients may see documented statuses only."""
    conversation = OutboundConversation(account, 3)
    texts = ("played", "deleted", "warning")
    conversation.report(*(conversation.item(wamid, DELIVERED) for wamid in conversation.wamids))
    reach(conversation, dict.fromkeys(conversation.wamids, (DELIVERED,)))
    conversation.report(
        *(conversation.item(wamid, marker) for wamid, marker in zip(conversation.wamids, texts, strict=True))
    )
    keep(conversation, {wamid: [DELIVERED, READ] for wamid in conversation.wamids})
    conversation.report(*(conversation.item(wamid, READ) for wamid in conversation.wamids))
    reach(conversation, dict.fromkeys(conversation.wamids, (READ,)))


ORDERS = (
    *permutations((SENT, DELIVERED, READ)), *permutations((SENT, DELIVERED)), *permutations((SENT, READ)),
    *permutations((DELIVERED, READ)), *permutations((SENT, FAILED)),
    (SENT, SENT), (READ, READ, DELIVERED, SENT, READ), (READ, SENT, DELIVERED, SENT, SENT), (DELIVERED, SENT, DELIVERED, SENT),
    (FAILED, SENT, FAILED, SENT),
)  # fmt: skip
CONTRADICTIONS = tuple(permutations((SENT, DELIVERED, FAILED))) + tuple(permutations((SENT, DELIVERED, READ, FAILED)))
"""Meta never reports both arrival and failure; the documentation does not say which counts."""


def allowed_final(order: Sequence[str]) -> list[str]:
    """The statuses at which these reports may end in any order: the farthest, or `failed`."""
    farthest = max((status for status in order if status != FAILED), key=[SENT, DELIVERED, READ].index, default=FAILED)
    if FAILED not in order:
        return [farthest]
    return [FAILED] if farthest == SENT else [FAILED, farthest]


@requirement("MSG-11")
@pytest.mark.parametrize("timed", [True, False], ids=["different timestamps", "equal timestamps"])
def test_reports_in_any_order_or_repeated_never_move_a_status_back(account: Account, *, timed: bool) -> None:
    conversation = OutboundConversation(account, len(ORDERS))
    report_in_steps(conversation, ORDERS, timed=timed)
    keep(conversation, {wamid: allowed_final(order) for wamid, order in zip(conversation.wamids, ORDERS, strict=True)})


@requirement("MSG-11")
def test_contradicting_reports_end_at_one_of_them(account: Account) -> None:
    conversation = OutboundConversation(account, len(CONTRADICTIONS))
    report_in_steps(conversation, CONTRADICTIONS)
    keep(
        conversation,
        {wamid: allowed_final(order) for wamid, order in zip(conversation.wamids, CONTRADICTIONS, strict=True)},
    )


@requirement("MSG-11")
@pytest.mark.parametrize("timed", [True, False], ids=["different timestamps", "equal timestamps"])
def test_a_late_failed_report_does_not_replace_read(account: Account, *, timed: bool) -> None:
    """A read message had arrived: a failure with an earlier timestamp cannot be its later status."""
    sequences = ((READ,), (SENT, DELIVERED, READ), (DELIVERED, READ))
    conversation = OutboundConversation(account, len(sequences))
    report_in_steps(conversation, sequences, timed=timed)
    was_read = eventually(lambda: set(conversation.statuses().values()) == {READ}, account.mock_meta.patience)
    expect.precondition(was_read, "messages reported as read do not become read (MSG-10)")
    conversation.report(*(conversation.item(wamid, FAILED, timed=timed) for wamid in conversation.wamids))
    keep(conversation, dict.fromkeys(conversation.wamids, (READ,)))


@requirement("MSG-11")
def test_reports_of_one_webhook_never_move_a_status_back(account: Account) -> None:
    conversation = OutboundConversation(account, len(ORDERS))
    pairs = [(wamid, status) for wamid, order in zip(conversation.wamids, ORDERS, strict=True) for status in order]
    conversation.report(*(conversation.item(wamid, status) for wamid, status in pairs))
    keep(conversation, {wamid: allowed_final(order) for wamid, order in zip(conversation.wamids, ORDERS, strict=True)})


@requirement("MSG-11")
def test_redelivered_webhooks_never_move_a_status_back(account: Account) -> None:
    """The same bytes of each earlier webhook again, as Meta does when an acknowledgement was lost."""
    conversation = OutboundConversation(account, 2)
    read, failed = conversation.wamids
    steps = ((read, SENT), (failed, SENT), (read, DELIVERED), (failed, FAILED), (read, READ))
    deliveries = [conversation.report(conversation.item(wamid, status)) for wamid, status in steps]
    reach(conversation, {read: [READ], failed: [FAILED]})
    for delivery in (*deliveries, *reversed(deliveries)):
        account.mock_meta.acknowledged([account.mock_meta.replay(delivery["id"])])
    keep(conversation, {read: [READ], failed: [FAILED]})


@requirement("MSG-11")
def test_concurrent_webhooks_never_move_a_status_back(account: Account) -> None:
    conversation = OutboundConversation(account, 8)

    def reporter(status: str) -> Callable[[], Row]:
        return lambda: conversation.report(*(conversation.item(wamid, status) for wamid in conversation.wamids))

    at_once([reporter(status) for status in (READ, SENT, DELIVERED, SENT, DELIVERED)])
    keep(conversation, dict.fromkeys(conversation.wamids, (READ,)))


@requirement("MSG-11")
def test_out_of_order_statuses_before_metas_answer_never_move_a_status_back(account: Account) -> None:
    """The first message's statuses are in order: if they are lost too, MSG-10 reports it."""
    scripts = [order for order in ORDERS if len(set(order)) > 1][:8]
    numbers = [account.numbers.fresh() for _ in scripts]
    for number, script in zip(numbers, scripts, strict=True):
        account.mock_meta.script(number, *((status, 0.02 * i) for i, status in enumerate(script)))
    account.mock_meta.fault(numbers, times=len(numbers), delay=0.35)
    exchanges = send_at_once(account, *({"to": number, "text": account.marker()} for number in numbers))
    answers = [required(exchange, 201) for exchange in exchanges]
    in_order = eventually(lambda: _has(account, answers[0], allowed_final(scripts[0])), account.mock_meta.patience)
    expect.precondition(in_order, "statuses that come before Meta's answer are lost")
    for exchange, answer, script in zip(exchanges, answers, scripts, strict=True):
        wanted = allowed_final(script)
        found = eventually(lambda a=answer, w=wanted: _has(account, a, w), account.mock_meta.patience)
        expect.that(found, f"the status {' or '.join(wanted)} after {', '.join(script)}", "another status", exchange)


def _has(account: Account, answer: Row, wanted: Sequence[str]) -> bool:
    row = account.message(answer["conversation_id"], answer["whatsapp_message_id"])
    return row is not None and row.get("status") in wanted
