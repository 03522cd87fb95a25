"""BCAST-04: the default language and the default name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from conformance.meta.templates import GREETING
from conformance.target import expect
from conformance.target.expect import requirement
from conformance.wacrm.expectations import envelope
from conformance.wacrm.steps.account import required
from conformance.wacrm.steps.broadcasts import ACCEPTED, greeting_values, launch

if TYPE_CHECKING:
    from conformance.wacrm.steps.account import Account


@requirement("BCAST-04")
@pytest.mark.parametrize("given", [{}, {"template_language": "en_US"}, {"template_language": "it"}])
def test_the_language_reaches_meta_and_defaults_to_en_us(account: Account, given: dict[str, str]) -> None:
    marker, to = account.marker(), account.numbers.fresh()
    body = {"template_name": GREETING, "recipients": [{"to": to, "params": greeting_values(marker, 0)}], **given}
    answer = account.api.post("/broadcasts", body)
    row = envelope.record(account.api.get(f"/broadcasts/{required(answer, *ACCEPTED).get('broadcast_id')}"), 200)
    expected = given.get("template_language", "en_US")
    expect.equal(expect.member(row, "template_language"), expected, "template_language", answer)
    sends = account.mock_meta.settled(at_least=1, quiet=0.0, contains=marker)
    sent = expect.first(sends, "send at Meta that shows the language")["body"]["template"]["language"]
    expect.equal(sent["code"], expected, "the language of the send at Meta", answer)


@requirement("BCAST-04")
def test_a_missing_name_is_made_from_the_template_name(account: Account) -> None:
    body = {"template_name": GREETING, "recipients": [{"to": account.numbers.fresh(), "params": ["a", "b"]}]}
    answer = account.api.post("/broadcasts", body)
    read = account.api.get(f"/broadcasts/{required(answer, *ACCEPTED).get('broadcast_id')}")
    name = expect.member(envelope.record(read, 200), "name", read)
    expect.that(
        _plain(GREETING) in _plain(str(name)), f"a name made from {GREETING!r}", expect.show(name), answer, read
    )


@requirement("BCAST-04")
def test_a_given_name_is_kept(account: Account) -> None:
    name = f"{account.marker()} für Żółć 🎉"
    broadcast = launch(account, [account.numbers.fresh()], name=name)
    row = envelope.record(account.api.get(f"/broadcasts/{broadcast.id}"), 200)
    expect.equal(expect.member(row, "name"), name, "name", broadcast.answer)
    expect.equal(expect.member(row, "template_name"), GREETING, "template_name", broadcast.answer)


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.casefold())
