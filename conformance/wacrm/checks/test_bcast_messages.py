"""BCAST-05: each recipient gets exactly its own message."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from conformance.meta.templates import PLAIN
from conformance.target.expect import requirement
from conformance.target.numbers import digits
from conformance.target.verdicts import NoVerdict
from conformance.wacrm.expectations.broadcasts import (
    each_recipient_got_its_message,
)
from conformance.wacrm.steps.broadcasts import INVALID_NUMBERS, greeting_values, launch, submit
from conformance.wacrm.steps.reconciliation import DiscrepancyKind

if TYPE_CHECKING:
    from conformance.wacrm.steps.account import Account


@requirement("BCAST-05")
@pytest.mark.parametrize("count", [1, 2, 101])
def test_each_recipient_gets_its_own_message_once(account: Account, count: int) -> None:
    broadcast = launch(account, account.numbers.many(count))
    broadcast.require_finished()
    each_recipient_got_its_message(broadcast, "each recipient to get its own message once")


@requirement("BCAST-05")
@pytest.mark.parametrize("place", ["first", "between", "last", "listed again"])
def test_rejected_and_repeated_entries_do_not_shift_parameters(account: Account, place: str) -> None:
    """Parameters stay with their recipient beside rejected numbers and numbers that are listed again."""
    a, b, c, d = account.numbers.many(4)
    lists = {
        "first": [*INVALID_NUMBERS[:2], a, b, c], "between": [a, INVALID_NUMBERS[0], b, *INVALID_NUMBERS[1:3], c, d],
        "last": [a, b, c, *INVALID_NUMBERS[:2]], "listed again": [a, b, a, c, b, d],
    }  # fmt: skip
    broadcast = launch(account, lists[place])
    broadcast.require_finished()
    kinds = (DiscrepancyKind.WRONG_PARAMETERS, DiscrepancyKind.MISSING)
    each_recipient_got_its_message(broadcast, "each valid recipient to get its own parameters", *kinds)


@requirement("BCAST-05")
def test_a_recipient_without_parameters_gets_no_other_recipients_parameters(account: Account) -> None:
    """Meta rejects the template without parameters; a target may refuse the broadcast for that."""
    marker, to = account.marker(), account.numbers.many(5)
    recipients: list[dict[str, Any]] = [
        {"to": number, "params": greeting_values(marker, n)} for n, number in enumerate(to)
    ]
    del recipients[1]["params"]
    recipients[3]["params"] = []
    try:
        broadcast = submit(account, marker, recipients)
    except NoVerdict:
        return
    broadcast.require_finished()
    without = [digits(to[1]), digits(to[3])]
    expected = "three recipients to get their own parameters, and the two without any no other recipient's"
    each_recipient_got_its_message(broadcast, expected, optional=without)


@requirement("BCAST-05")
def test_numbers_with_the_same_trailing_digits_get_their_own_messages(account: Account) -> None:
    """Targets often match contacts by their last digits; recipients of a broadcast are different all the same."""
    pairs = [*account.numbers.sharing_tail(), *account.numbers.differing_in_country()]
    broadcast = launch(account, pairs)
    broadcast.require_finished()
    each_recipient_got_its_message(broadcast, "each of the similar numbers to get its own message")


@requirement("BCAST-05")
def test_parameters_reach_meta_unchanged_and_in_order(account: Account) -> None:
    marker, to = account.marker(), account.numbers.many(5)
    values = [
        [f"{marker} b", "a"], ["Żółć {{1}} 🎉", f"{marker} עברית"], [f'{marker} 5 < 6 & "7" $1 %s \\', "'; --"],
        [f"{marker} e\u0301 \ufb01", "007"], [f" {marker}  x ", "null"],
    ]  # fmt: skip
    broadcast = submit(account, marker, [{"to": n, "params": v} for n, v in zip(to, values, strict=True)])
    broadcast.require_finished()
    each_recipient_got_its_message(broadcast, "each recipient to get exactly its own parameters")


@requirement("BCAST-05")
@pytest.mark.parametrize("language", ["en_US", "it"])
def test_a_template_without_parameters_reaches_every_recipient(account: Account, language: str) -> None:
    to = account.numbers.many(2)
    recipients: list[dict[str, Any]] = [{"to": to[0]}, {"to": to[1], "params": []}]
    broadcast = submit(account, account.marker(), recipients, template_name=PLAIN, template_language=language)
    broadcast.require_finished()
    each_recipient_got_its_message(broadcast, "both recipients to get the template once")
