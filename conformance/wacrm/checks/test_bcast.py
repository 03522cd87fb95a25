"""BCAST: what a broadcast answers, whom it writes to, and when it is over."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from conformance.contract.json_schema import is_uuid
from conformance.target import expect
from conformance.target.expect import requirement
from conformance.target.numbers import digits
from conformance.target.verdicts import Mismatch, NoVerdict
from conformance.wacrm.steps import envelope, reconciliation
from conformance.wacrm.steps.account import needed
from conformance.wacrm.steps.broadcasts import ACCEPTED, GREETING, PLAIN, greeting, launch, submit
from conformance.wacrm.steps.reconciliation import Trouble

if TYPE_CHECKING:
    from conformance.wacrm.steps.account import Account
    from conformance.wacrm.steps.broadcasts import Broadcast

SLOW = 1.5
"""Seconds that Meta takes to answer where the fan-out must be seen under way."""
INVALID = ("+", "abc", "not a number", "+1", "+123456789012345678901234")
"""No reading of E.164 takes these, and no deployment that strips what is no digit makes a number of them."""


def whom(broadcast: Broadcast) -> list[reconciliation.Discrepancy]:
    """Who got nothing, too much, or what others were to get; what it says is BCAST-05's matter."""
    found = reconciliation.mailing(broadcast.order, broadcast.posts())
    return reconciliation.only(found, Trouble.LOST, Trouble.DUPLICATED, Trouble.MISADDRESSED)


# -- the answer -------------------------------------------------------------------------------------------------------------


@requirement("BCAST-01")
def test_the_answer_has_the_documented_fields(account: Account) -> None:
    body = {"template_name": PLAIN, "recipients": [{"to": account.numbers.fresh()}]}
    answer = account.api.post("/broadcasts", body)
    record = envelope.record(answer, 202)
    expect.that(is_uuid(str(record.get("broadcast_id"))), "broadcast_id to be a UUID", answer.excerpt, answer)
    expect.equal(expect.member(record, "status", answer), "sending", "status", answer)
    for name, value in (("total_recipients", 1), ("accepted", 1), ("rejected", 0)):
        expect.equal(expect.member(record, name, answer), value, name, answer)


@requirement("BCAST-01")
def test_the_answer_does_not_wait_for_the_fan_out(account: Account) -> None:
    to = account.numbers.many(3)
    account.mock_meta.fault(to, times=len(to), delay=SLOW)
    broadcast = launch(account, to)
    done = [post for post in broadcast.posts() if post.answered]
    waited = len(done) == len(to) and broadcast.answer.seconds >= SLOW
    seconds = f"{broadcast.answer.seconds:.1f} s, after all of Meta's answers, which took {SLOW:g} s each"
    expect.that(not waited, "an answer before the fan-out is done", f"an answer after {seconds}", broadcast.answer)


@requirement("BCAST-02")
@pytest.mark.parametrize("place", ["before", "between", "after"])
def test_invalid_numbers_are_rejected_and_the_others_written_to(account: Account, place: str) -> None:
    good = account.numbers.many(3)
    order = {"before": [*INVALID, *good], "between": [good[0], *INVALID, *good[1:]], "after": [*good, *INVALID]}[place]
    broadcast = launch(account, order)
    record = broadcast.receipt
    expect.equal(expect.member(record, "accepted"), len(good), "accepted", broadcast.answer)
    expect.equal(expect.member(record, "rejected"), len(INVALID), "rejected", broadcast.answer)
    expect.precondition(broadcast.finished(), "the broadcast does not finish")
    broadcast.clean(whom(broadcast), "each valid number to get its own message")


@requirement("BCAST-02")
def test_a_number_listed_twice_is_messaged_once(account: Account) -> None:
    first, second, third = account.numbers.many(3)
    submitted = [first, second, first, third, first, third]
    broadcast = launch(account, submitted)
    record = broadcast.receipt
    both = expect.member(record, "accepted"), expect.member(record, "rejected")
    expect.equal(sum(both), len(submitted), "accepted and rejected together", broadcast.answer)
    expect.precondition(broadcast.finished(), "the broadcast does not finish")
    broadcast.clean(whom(broadcast), "each of three numbers to get one message")


@requirement("BCAST-02")
def test_a_number_listed_in_two_spellings_is_messaged_once(account: Account) -> None:
    """Another spelling may be refused or understood; it is the same person either way."""
    number = account.numbers.fresh()
    spellings = [number, f"{number[:3]} {number[3:6]}-{number[6:]}", number.removeprefix("+"), f" {number} "]
    nonce = account.word()
    broadcast = submit(account, nonce, [{"to": to, "params": greeting(nonce, 0)} for to in spellings])
    record = broadcast.receipt
    both = expect.member(record, "accepted"), expect.member(record, "rejected")
    expect.equal(sum(both), len(spellings), "accepted and rejected together", broadcast.answer)
    expect.precondition(broadcast.finished(), "the broadcast does not finish")
    broadcast.clean(whom(broadcast), "one message, to the one number that was listed")


@requirement("BCAST-14")
def test_total_recipients_counts_who_was_queued_then_and_later(account: Account) -> None:
    to = account.numbers.many(4)
    account.mock_meta.fault(to[1], times=None, error={"code": 131026})
    broadcast = launch(account, [*to, *INVALID])
    record = broadcast.receipt
    expect.equal(expect.member(record, "total_recipients"), 4, "total_recipients in the 202", broadcast.answer)
    expect.equal(broadcast.poll().total, 4, "total_recipients while sending", *broadcast.exchanges())
    expect.precondition(broadcast.finished(), "the broadcast does not finish")
    expect.equal(broadcast.poll().total, 4, "total_recipients at the end", *broadcast.exchanges())


# -- what is refused --------------------------------------------------------------------------------------------------------


def _impossible(account: Account) -> dict[str, dict[str, Any]]:
    """Bodies that no broadcast can be made of."""
    to = account.numbers.many(4)
    someone = [{"to": to[0], "params": greeting(account.word(), 0)}]
    crowd = account.numbers.many(1001)
    nobody = [{"to": text, "params": ["a", "b"]} for text in INVALID]
    return {
        "no recipients": {"template_name": GREETING},
        "an empty list": {"template_name": GREETING, "recipients": []},
        "null recipients": {"template_name": GREETING, "recipients": None},
        "recipients that are no list": {"template_name": PLAIN, "recipients": {"to": to[1]}},
        "1,001 recipients": {"template_name": PLAIN, "recipients": [{"to": number} for number in crowd]},
        "no template name": {"recipients": someone},
        "an empty template name": {"template_name": "", "recipients": someone},
        "a null template name": {"template_name": None, "recipients": someone},
        "a template name that is no string": {"template_name": {"name": GREETING}, "recipients": someone},
        "no valid number": {"template_name": GREETING, "recipients": nobody},
        "one invalid number": {"template_name": GREETING, "recipients": nobody[1:2]},
    }


@requirement("BCAST-03")
def test_impossible_broadcasts_are_refused_and_send_nothing(account: Account) -> None:
    """One check for all of them, so that the wait for what must not be sent is waited once."""
    mark, bodies = account.mock_meta.mark(), _impossible(account)
    wrong = {}
    for what, body in bodies.items():
        answer = account.api.post("/broadcasts", body)
        if answer.status != 400 or envelope.error_code(answer) != "bad_request":
            wrong[what] = answer
    if wrong:
        said = "; ".join(f"{what}: {answer.summary[:120]}" for what, answer in wrong.items())
        raise Mismatch("400 bad_request", said, *wrong.values())
    expect.precondition(launch(account, [account.numbers.fresh()]).finished(), "a possible broadcast does not finish")
    numbers = {_digits(r) for body in bodies.values() for r in body.get("recipients") or [] if isinstance(r, dict)}
    sent = [entry["to"] for entry in account.mock_meta.sends(since=mark) if digits(entry["to"]) in numbers]
    expect.equal(sent, [], "messages to the recipients of refused broadcasts")


def _digits(recipient: dict[str, Any]) -> str:
    return str(recipient["to"]).removeprefix("+")


# -- what is left out -------------------------------------------------------------------------------------------------------


@requirement("BCAST-04")
@pytest.mark.parametrize("given", [{}, {"template_language": "en_US"}, {"template_language": "it"}])
def test_the_language_reaches_meta_and_defaults_to_en_us(account: Account, given: dict[str, str]) -> None:
    nonce, to = account.word(), account.numbers.fresh()
    body = {"template_name": GREETING, "recipients": [{"to": to, "params": greeting(nonce, 0)}], **given}
    answer = account.api.post("/broadcasts", body)
    row = envelope.record(account.api.get(f"/broadcasts/{needed(answer, *ACCEPTED).get('broadcast_id')}"), 200)
    expected = given.get("template_language", "en_US")
    expect.equal(expect.member(row, "template_language"), expected, "template_language", answer)
    sends = account.mock_meta.settled(at_least=1, quiet=0.0, contains=nonce)
    sent = expect.first(sends, "send to judge the language by")["body"]["template"]["language"]
    expect.equal(sent["code"], expected, "the language that Meta was given", answer)


@requirement("BCAST-04")
def test_a_missing_name_is_made_from_the_templates(account: Account) -> None:
    body = {"template_name": GREETING, "recipients": [{"to": account.numbers.fresh(), "params": ["a", "b"]}]}
    answer = account.api.post("/broadcasts", body)
    read = account.api.get(f"/broadcasts/{needed(answer, *ACCEPTED).get('broadcast_id')}")
    name = expect.member(envelope.record(read, 200), "name", read)
    expect.that(
        _plain(GREETING) in _plain(str(name)), f"a name made from {GREETING!r}", expect.show(name), answer, read
    )


@requirement("BCAST-04")
def test_a_given_name_is_kept(account: Account) -> None:
    name = f"{account.word()} für Żółć 🎉"
    broadcast = launch(account, [account.numbers.fresh()], name=name)
    row = envelope.record(account.api.get(f"/broadcasts/{broadcast.id}"), 200)
    expect.equal(expect.member(row, "name"), name, "name", broadcast.answer)
    expect.equal(expect.member(row, "template_name"), GREETING, "template_name", broadcast.answer)


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.casefold())


# -- the mailing ------------------------------------------------------------------------------------------------------------


@requirement("BCAST-05")
@pytest.mark.parametrize("count", [1, 2, 101])
def test_everybody_gets_the_own_message_once(account: Account, count: int) -> None:
    broadcast = launch(account, account.numbers.many(count))
    expect.precondition(broadcast.finished(), "the broadcast does not finish")
    broadcast.clean(
        reconciliation.mailing(broadcast.order, broadcast.posts()),
        "each recipient to get its own message once",
    )


@requirement("BCAST-05")
@pytest.mark.parametrize("place", ["first", "between", "last", "listed again"])
def test_values_stay_with_their_recipient_beside_entries_that_are_left_out(account: Account, place: str) -> None:
    """Rejected entries, and numbers that are listed again, shift nobody's values."""
    a, b, c, d = account.numbers.many(4)
    lists = {
        "first": [*INVALID[:2], a, b, c], "between": [a, INVALID[0], b, *INVALID[1:3], c, d],
        "last": [a, b, c, *INVALID[:2]], "listed again": [a, b, a, c, b, d],
    }  # fmt: skip
    broadcast = launch(account, lists[place])
    expect.precondition(broadcast.finished(), "the broadcast does not finish")
    posts = [post for post in broadcast.posts() if post.to in broadcast.order.recipients]
    found = reconciliation.only(reconciliation.mailing(broadcast.order, posts), Trouble.WRONG_PARAMETERS, Trouble.LOST)
    broadcast.clean(found, "each valid recipient to get its own values")


@requirement("BCAST-05")
def test_who_has_no_values_gets_nobody_elses(account: Account) -> None:
    """Meta refuses the template without its values; a target that knows as much may refuse the broadcast."""
    nonce, to = account.word(), account.numbers.many(5)
    recipients: list[dict[str, Any]] = [{"to": number, "params": greeting(nonce, n)} for n, number in enumerate(to)]
    del recipients[1]["params"]
    recipients[3]["params"] = []
    try:
        broadcast = submit(account, nonce, recipients)
    except NoVerdict:
        return
    expect.precondition(broadcast.finished(), "the broadcast does not finish")
    without = [digits(to[1]), digits(to[3])]
    found = reconciliation.mailing(broadcast.order, broadcast.posts(), spared=without)
    broadcast.clean(found, "three recipients to get their own values, and two of them nobody's")


@requirement("BCAST-05")
def test_numbers_that_share_trailing_digits_get_their_own_messages(account: Account) -> None:
    """Contacts are often matched by the last digits; recipients of a broadcast are different people all the same."""
    pairs = [*account.numbers.sharing_tail(), *account.numbers.differing_in_country()]
    broadcast = launch(account, pairs)
    expect.precondition(broadcast.finished(), "the broadcast does not finish")
    broadcast.clean(
        reconciliation.mailing(broadcast.order, broadcast.posts()),
        "each of the similar numbers to get its own",
    )


@requirement("BCAST-05")
def test_values_are_carried_exactly_and_in_order(account: Account) -> None:
    nonce, to = account.word(), account.numbers.many(5)
    values = [
        [f"{nonce} b", "a"], ["Żółć {{1}} 🎉", f"{nonce} עברית"], [f'{nonce} 5 < 6 & "7" $1 %s \\', "'; --"],
        [f"{nonce} e\u0301 \ufb01", "007"], [f" {nonce}  x ", "null"],
    ]  # fmt: skip
    broadcast = submit(account, nonce, [{"to": n, "params": v} for n, v in zip(to, values, strict=True)])
    expect.precondition(broadcast.finished(), "the broadcast does not finish")
    broadcast.clean(
        reconciliation.mailing(broadcast.order, broadcast.posts()),
        "each recipient to get exactly its own values",
    )


@requirement("BCAST-05")
@pytest.mark.parametrize("language", ["en_US", "it"])
def test_a_template_without_values_reaches_everybody(account: Account, language: str) -> None:
    to = account.numbers.many(2)
    recipients: list[dict[str, Any]] = [{"to": to[0]}, {"to": to[1], "params": []}]
    broadcast = submit(account, account.word(), recipients, template_name=PLAIN, template_language=language)
    expect.precondition(broadcast.finished(), "the broadcast does not finish")
    broadcast.clean(
        reconciliation.mailing(broadcast.order, broadcast.posts()), "both recipients to get the template once"
    )


# -- the end ----------------------------------------------------------------------------------------------------------------


@requirement("BCAST-06")
def test_status_becomes_sent_once_every_send_was_attempted(account: Account) -> None:
    """Some refused at once, some slow: the last answer of Meta comes before `sent`, and `sent` stays."""
    to = account.numbers.many(8)
    account.mock_meta.fault(to[5:7], times=None, error={"code": 131026})
    account.mock_meta.fault([*to[:2], to[-1]], times=3, delay=0.5)
    broadcast = launch(account, to)
    expect.that(
        broadcast.called_sent(), "status 'sent' in the end", lambda: broadcast.polls[-1].status, *broadcast.exchanges()
    )
    posts = broadcast.posts()
    early = sorted(broadcast.order.recipients - {post.to for post in posts if post.answered})
    expect.equal(early, [], "recipients not yet attempted when status was 'sent'", *broadcast.exchanges())
    expect.equal(broadcast.poll().status, "sent", "status after it was 'sent'", *broadcast.exchanges())


@requirement("BCAST-06")
@pytest.mark.parametrize("outcome", ["all refused", "the last refused", "the first refused", "one refused"])
def test_status_becomes_sent_whatever_the_outcomes(account: Account, outcome: str) -> None:
    count = 1 if outcome == "one refused" else 4
    to = account.numbers.many(count)
    refused = {"the last refused": to[-1:], "the first refused": to[:1]}.get(outcome, to)
    account.mock_meta.fault(refused, times=None, error={"code": 131026})
    broadcast = launch(account, to)
    expect.that(
        broadcast.called_sent(), "status 'sent' in the end", lambda: broadcast.polls[-1].status, *broadcast.exchanges()
    )
