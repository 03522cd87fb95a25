"""CONV-15: customers who are known by a user id only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.target import waiting
from conformance.target.expect import requirement
from conformance.target.numbers import digits
from conformance.target.verdicts import NoVerdict
from conformance.wacrm.steps.account import required_rows
from conformance.wacrm.steps.raw_webhooks import deliver, said, text_message

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.wacrm.steps.account import Account, Row
    from conformance.wacrm.steps.conversations import Conversation

NEWEST = 20
"""Conversations that are searched for the message."""


@requirement("CONV-15")
def test_what_becomes_of_a_customer_without_a_number_is_measured(
    account: Account, start_customer: Callable[..., Conversation], measure: Callable[[str, Any], None]
) -> None:
    """A stranger, and somebody who had written with number and user id before."""
    stranger, known = _user_id(account), start_customer()
    user = _user_id(account)
    introduction = text_message(known.phone, account.marker(), from_user_id=user)
    deliver(account, said(account, introduction, {"user_id": user}))
    known.wait_for(introduction["id"])
    fates = [_fate(account, each, start_customer(), known) for each in (stranger, user)]
    measure("finding", f"a stranger's message is {fates[0]}; that of somebody who was known by number is {fates[1]}")


def _user_id(account: Account) -> str:
    """As Meta gives one (`US.` and digits), new to the target."""
    return f"US.1349{digits(account.numbers.fresh())}"


def _fate(account: Account, user: str, control: Conversation, known: Conversation) -> str:
    """What becomes of a message without a number, once a message after it is stored."""
    item = text_message("", account.marker(), from_user_id=user)
    contact: Row = {"user_id": user, "wa_id": None, "profile": {"name": item["text"]["body"], "username": "ada"}}
    del item["from"]
    try:
        deliver(account, _without_number(account, item, contact))
    except NoVerdict as refusal:
        return str(refusal)
    control.receive()
    waiting.pause(waiting.QUIET)
    if account.message(known.id, item["id"]):
        return "stored in the conversation with the number"
    return _place(account, item["id"], user)


def _without_number(account: Account, item: Row, contact: Row) -> Row:
    change = said(account, {**item, "from": ""}, contact)
    change["value"]["messages"] = [item]
    return change


def _place(account: Account, wamid: str, user: str) -> str:
    for conversation in required_rows(account.api.get("/conversations", limit=NEWEST)):
        if account.message(conversation["id"], wamid):
            phone = str((conversation.get("contact") or {}).get("phone"))
            named = "made of the user id" if phone.strip("+") and phone.strip("+")[-6:] in user else "of another kind"
            return f"stored under a contact whose phone is {named}"
    return "acknowledged and dropped"
