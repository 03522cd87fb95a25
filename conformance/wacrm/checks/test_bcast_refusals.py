"""BCAST-03: bodies that are refused and send nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.meta.templates import GREETING, PLAIN
from conformance.target import expect
from conformance.target.expect import requirement
from conformance.target.numbers import digits
from conformance.target.verdicts import Mismatch
from conformance.wacrm.expectations import envelope
from conformance.wacrm.steps.broadcasts import INVALID_NUMBERS, greeting_values, launch

if TYPE_CHECKING:
    from conformance.wacrm.steps.account import Account


def _invalid_bodies(account: Account) -> dict[str, dict[str, Any]]:
    """Invalid bodies by what is wrong with them."""
    to = account.numbers.many(4)
    someone = [{"to": to[0], "params": greeting_values(account.marker(), 0)}]
    too_many = account.numbers.many(1001)
    nobody = [{"to": text, "params": ["a", "b"]} for text in INVALID_NUMBERS]
    return {
        "no recipients": {"template_name": GREETING},
        "an empty list": {"template_name": GREETING, "recipients": []},
        "null recipients": {"template_name": GREETING, "recipients": None},
        "recipients that are no list": {"template_name": PLAIN, "recipients": {"to": to[1]}},
        "1,001 recipients": {"template_name": PLAIN, "recipients": [{"to": number} for number in too_many]},
        "no template name": {"recipients": someone},
        "an empty template name": {"template_name": "", "recipients": someone},
        "a null template name": {"template_name": None, "recipients": someone},
        "a template name that is no string": {"template_name": {"name": GREETING}, "recipients": someone},
        "no valid number": {"template_name": GREETING, "recipients": nobody},
        "one invalid number": {"template_name": GREETING, "recipients": nobody[1:2]},
    }


@requirement("BCAST-03")
def test_invalid_broadcasts_are_refused_and_send_nothing(account: Account) -> None:
    """One check for all bodies, so that the wait for sends that must not happen is waited once."""
    mark, bodies = account.mock_meta.mark(), _invalid_bodies(account)
    wrong = {}
    for what, body in bodies.items():
        answer = account.api.post("/broadcasts", body)
        if answer.status != 400 or envelope.error_code(answer) != "bad_request":
            wrong[what] = answer
    if wrong:
        actual = "; ".join(f"{what}: {answer.summary[:120]}" for what, answer in wrong.items())
        raise Mismatch("400 bad_request for each invalid body", actual, *wrong.values())
    expect.precondition(launch(account, [account.numbers.fresh()]).finished(), "a valid broadcast does not finish")
    numbers = {
        _number_digits(r) for body in bodies.values() for r in body.get("recipients") or [] if isinstance(r, dict)
    }
    sent = [entry["to"] for entry in account.mock_meta.sends(since=mark) if digits(entry["to"]) in numbers]
    expect.equal(sent, [], "messages to the recipients of refused broadcasts")


def _number_digits(recipient: dict[str, Any]) -> str:
    return str(recipient["to"]).removeprefix("+")
