"""Reconciliation of a broadcast: every kind of discrepancy is found and told from the others."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.wacrm.steps import reconciliation
from conformance.wacrm.steps.reconciliation import DiscrepancyKind, ExpectedCount, MetaReports, Poll
from conformance.wacrm.steps.submission import SendRequest, Submission, send_requests

ANN, BOB, CID = "15550100001", "15550100002", "15550100003"
ORDER = Submission("hxnonce", "greeting", "en_US", {who: frozenset({(f"hxnonce {who}",)}) for who in (ANN, BOB, CID)})


def post(to: str, *, about: str = "", wamid: str | None = "", language: str = "en_US") -> SendRequest:
    """What Meta got for `to`: the message of `about` (the own one), accepted unless `wamid` is None."""
    return SendRequest(
        to, "greeting", language, (f"hxnonce {about or to}",), f"wamid.{to}" if wamid == "" else wamid, True, 0.0
    )


def kinds(*sent: SendRequest, optional: tuple[str, ...] = ()) -> dict[DiscrepancyKind, tuple[str, ...]]:
    return {one.kind: one.who for one in reconciliation.delivery_discrepancies(ORDER, sent, optional)}


ALL = (post(ANN), post(BOB), post(CID))


def test_one_own_message_for_each_recipient_is_no_discrepancy() -> None:
    assert kinds(*ALL) == {}


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ((post(ANN), post(CID)), {DiscrepancyKind.MISSING: (BOB,)}),
        ((post(ANN), post(BOB, wamid=None), post(CID)), {DiscrepancyKind.MISSING: (BOB,)}),
        ((*ALL, post(BOB, wamid="wamid.again")), {DiscrepancyKind.DUPLICATED: (BOB,)}),
        ((*ALL, post("15550100009", about=ANN)), {DiscrepancyKind.MISADDRESSED: ("15550100009",)}),
        ((post(ANN), post(BOB, about=CID), post(CID)), {DiscrepancyKind.WRONG_PARAMETERS: (BOB,)}),
        ((post(ANN), post(BOB, language="it"), post(CID)), {DiscrepancyKind.WRONG_PARAMETERS: (BOB,)}),
        ((post(BOB), post(BOB), post("1", about=BOB)),
         {DiscrepancyKind.MISSING: (ANN, CID), DiscrepancyKind.DUPLICATED: (BOB,), DiscrepancyKind.MISADDRESSED: ("1",)}),
    ],
)  # fmt: skip
def test_each_kind_of_discrepancy_is_found(
    sent: tuple[SendRequest, ...], expected: dict[DiscrepancyKind, tuple[str, ...]]
) -> None:
    assert kinds(*sent) == expected


def test_an_optional_recipient_may_get_none_but_not_two() -> None:
    assert kinds(post(ANN), post(CID), optional=(BOB,)) == {}
    assert kinds(*ALL, post(BOB), optional=(BOB,)) == {DiscrepancyKind.DUPLICATED: (BOB,)}


def test_refused_requests_are_no_messages() -> None:
    assert kinds(post(ANN, wamid=None), *ALL, post("1", wamid=None)) == {}


def test_a_number_listed_twice_may_get_either_parameters() -> None:
    twice = Submission("n", "greeting", "en_US", {ANN: frozenset({("n a",), ("n b",)})})
    for value in ("n a", "n b"):
        assert not reconciliation.delivery_discrepancies(
            twice, [SendRequest(ANN, "greeting", "en_US", (value,), "w", True, 0.0)]
        )


def test_a_discrepancy_names_the_first_and_counts_the_rest() -> None:
    text = str(reconciliation.Discrepancy(DiscrepancyKind.MISSING, tuple(str(n) for n in range(11)), "why"))
    assert text == "not sent: +0, +1, +2, +3, +4, +5, +6, +7 and 3 more (why)"


# -- from the ledger --------------------------------------------------------------------------------------------------------


def entry(to: str, *texts: str, kind: str = "template", wamid: str | None = "w", **more: Any) -> dict[str, Any]:
    components = [{"type": "body", "parameters": [{"type": "text", "text": text} for text in texts]}]
    body = {"template": {"name": "greeting", "language": {"code": "en_US"}, "components": components}}
    raw = " ".join(texts)
    return {"to": to, "type": kind, "raw": raw, "body": body, "wamid": wamid, "duration": 0.1, "at": 1.0, **more}


def test_send_requests_have_the_marker_or_go_to_recipients_without_any() -> None:
    entries = [
        entry(ANN, "hxnonce 1"), entry("1", "hxnonce 2"), entry(BOB, "hxother"), entry(CID, "nobody's"),
        entry(ANN, "text", kind="text"), entry("2", "nobody's"),
    ]  # fmt: skip
    assert [p.to for p in send_requests(ORDER, entries, "hx")] == [ANN, "1", CID]


@pytest.mark.parametrize("body", [None, [], {"template": None}, {"template": {"components": None, "language": "en"}}])
def test_malformed_sends_are_send_requests(body: Any) -> None:
    found = send_requests(ORDER, [{**entry(ANN, "hxnonce"), "body": body}], "hx")
    assert [p.params for p in found] == [()]


# -- counts -----------------------------------------------------------------------------------------------------------------


def webhook(*statuses: tuple[str, str], status: int | None = 200, payload: Any = None) -> dict[str, Any]:
    return {"status": status, "statuses": [list(s) for s in statuses], "payload": payload}


def test_reports_are_those_of_acknowledged_webhooks_in_order() -> None:
    reports = reconciliation.meta_reports([
        webhook(("a", "sent"), ("b", "read")), webhook(("a", "delivered")), webhook(("a", "read"), status=500),
        webhook(payload={"entry": [{"messages": [{"context": {"id": "b"}}, {"context": {"forwarded": True}}]}]}),
    ])  # fmt: skip
    assert reports == MetaReports({"a": ["sent", "delivered"], "b": ["read"]}, frozenset({"b"}))


def due(statuses: dict[str, list[str]], undecided: tuple[str, ...] = (), *sent: SendRequest) -> dict[str, str]:
    """How many are due in each count, when Meta said these of its messages."""
    reports = MetaReports({f"wamid.{who}": got for who, got in statuses.items()}, frozenset({f"wamid.{CID}"}))
    return {
        name: reconciliation.count_range(one)
        for name, one in reconciliation.expected_counts(ORDER, sent or ALL, reports, undecided).items()
    }


def test_expected_counts_follow_the_reports() -> None:
    expected = {"sent": "3", "failed": "0", "delivered": "2", "read": "1", "replied": "1"}
    assert due({ANN: ["sent", "delivered"], BOB: ["read"]}) == expected


def test_a_refused_recipient_is_expected_as_failed() -> None:
    assert due({}, (), post(ANN), post(CID), post(BOB, wamid=None))["failed"] == "1"


def test_an_undecided_recipient_may_be_either() -> None:
    found = due({BOB: ["delivered"]}, (BOB,))
    assert (found["sent"], found["failed"], found["delivered"]) == ("2 to 3", "0 to 1", "0 to 1")


@pytest.mark.parametrize(("order", "delivered"), [(["delivered", "failed"], "1"), (["failed", "delivered"], "0 to 1")])
def test_a_message_that_failed_after_acceptance_may_be_either(order: list[str], delivered: str) -> None:
    found = due({ANN: order})
    assert (found["sent"], found["failed"], found["delivered"]) == ("2 to 3", "0 to 1", delivered)


def poll(status: str = "sending", total: int = 3, **counts: int) -> Poll:
    return Poll(status, total, **{name: counts.get(name, 0) for name in reconciliation.COUNTS})


@pytest.mark.parametrize(
    ("count", "kind"), [(0, DiscrepancyKind.UNDER_COUNTED), (1, None), (2, None), (3, DiscrepancyKind.OVER_COUNTED)]
)
def test_count_discrepancies(count: int, kind: DiscrepancyKind | None) -> None:
    one = {"read": ExpectedCount(frozenset({ANN}), frozenset({BOB}))}
    found = reconciliation.count_discrepancies(poll(read=count), one, ["read"])
    assert [d.kind for d in found] == ([] if kind is None else [kind])
    assert all(d.who == (ANN, BOB) and "expected 1 to 2" in d.detail for d in found)


def test_sent_and_failed_must_add_up_to_the_recipients() -> None:
    assert reconciliation.is_sum_of_recipients(ORDER, poll(sent=2, failed=1))
    assert not reconciliation.is_sum_of_recipients(ORDER, poll(sent=2))
    assert not reconciliation.is_sum_of_recipients(ORDER, poll(sent=3, failed=1))


@pytest.mark.parametrize(
    ("polls", "meta_reports"),
    [
        ([poll(sent=1), poll(sent=3, delivered=2, read=1), poll("sent", sent=3, delivered=3, read=1)], []),
        ([poll(sent=1, delivered=2)], ["delivered_count 2 is more than sent_count 1"]),
        ([poll(sent=2, delivered=1, read=2)], ["read_count 2 is more than delivered_count 1"]),
        ([poll(sent=2, failed=2)], ["sent_count 2 and failed_count 2 are more than the 3 recipients"]),
        ([poll(sent=2), poll(sent=1)], ["sent_count fell from 2 to 1"]),
        ([poll(replied=1), poll()], ["replied_count fell from 1 to 0"]),
        ([poll("sent"), poll("sending")], ["status went from 'sent' back to 'sending'"]),
        ([poll(), poll(total=2)], ["total_recipients changed from 3 to 2"]),
    ],
)
def test_contradictions(polls: list[Poll], meta_reports: list[str]) -> None:
    assert reconciliation.contradictions(polls) == meta_reports


def test_a_recipient_that_bounces_may_move_from_sent_to_failed() -> None:
    moved = [poll(sent=3), poll(sent=2, failed=1)]
    assert reconciliation.contradictions(moved, may_bounce=True) == []
    assert reconciliation.contradictions(moved) == ["sent_count fell from 3 to 2"]
    assert reconciliation.contradictions([poll(sent=3), poll(sent=1, failed=1)], may_bounce=True) == [
        "sent_count fell from 3 to 1"
    ]


def test_of_kinds_keeps_the_given_kinds() -> None:
    found = reconciliation.delivery_discrepancies(ORDER, [post(ANN, about=BOB), post(CID)])
    assert [one.kind for one in reconciliation.of_kinds(found, DiscrepancyKind.MISSING)] == [DiscrepancyKind.MISSING]
    assert reconciliation.of_kinds(found, DiscrepancyKind.DUPLICATED) == []
