"""BCAST-05: each recipient gets one message with its own values."""

import html
import unicodedata
from collections import Counter
from collections.abc import Iterable

from reference.wacrm.assembly import Wacrm
from reference.wacrm.domain.broadcasts import Campaign
from reference.wacrm.faults.registry import fault
from reference.wacrm.meta.graph_client import AnswerLostError
from reference.wacrm.patching.steps import replace_step, wrap
from reference.wacrm.protocol.bodies import Recipient
from reference.wacrm.protocol.envelope import Json
from reference.wacrm.settings import WhatsApp
from reference.wacrm.storage.database import Row


def _with_values_of(recipients: list[Recipient], listed: list[Recipient]) -> list[Recipient]:
    """The recipients with the values that stand at their places in another list."""
    return [one.model_copy(update={"params": listed[place].params}) for place, one in enumerate(recipients)]


_SUFFIX = 9
"""Digits at the end of a number, by which older code compared numbers."""


@fault("BCAST-05", "recipients are distinguished by their last nine digits, as contacts once were")
def similar_numbers_are_one_recipient(wacrm: Wacrm) -> None:
    def distinct(recipients: list[Recipient]) -> list[Recipient]:
        first: dict[str, Recipient] = {}
        for recipient in recipients:
            first.setdefault(recipient.to[-_SUFFIX:], recipient)
        return list(first.values())

    replace_step(wacrm.broadcasts, "distinct", distinct)


@fault("BCAST-05", "values are escaped for a page that never shows them")
def broadcast_values_are_escaped(wacrm: Wacrm) -> None:
    wire = wacrm.broadcasts.wire

    def escaped(campaign: Campaign, recipient: Row) -> Json:
        made = wire(campaign, recipient)
        for component in made["template"].get("components", []):
            for value in component["parameters"]:
                value["text"] = html.escape(value["text"])
        return made

    wrap(wacrm.broadcasts, "wire", escaped)


@fault("BCAST-05", "a send whose answer was lost is sent again")
def lost_answer_is_sent_again(wacrm: Wacrm) -> None:
    send = wacrm.sender.send

    async def again(account: str, whatsapp: WhatsApp, body: Json) -> str:
        try:
            return await send(account, whatsapp, body)
        except AnswerLostError:
            return await send(account, whatsapp, body)

    wrap(wacrm.sender, "send", again)


@fault("BCAST-05", "the parameters are built once, for the first recipient")
def everybody_gets_the_first_recipients_params(wacrm: Wacrm) -> None:
    persist = wacrm.broadcasts.persist

    def persisted(campaign: Campaign, name: str, recipients: Iterable[Recipient]) -> None:
        listed = list(recipients)
        same = [recipient.model_copy(update={"params": listed[0].params}) for recipient in listed]
        persist(campaign, name, same)

    wrap(wacrm.broadcasts, "persist", persisted)


@fault("BCAST-05", "values are looked up by position in the list that was submitted, rejected entries and all")
def values_shift_behind_a_rejected_entry(wacrm: Wacrm) -> None:
    valid = wacrm.broadcasts.valid
    wrap(wacrm.broadcasts, "valid", lambda submitted: _with_values_of(valid(submitted), submitted))


@fault("BCAST-05", "numbers that are listed again are taken out of the list of numbers, and not out of that of values")
def values_shift_behind_a_repeated_entry(wacrm: Wacrm) -> None:
    distinct = wacrm.broadcasts.distinct
    wrap(wacrm.broadcasts, "distinct", lambda listed: _with_values_of(distinct(listed), listed))


@fault("BCAST-05", "the variable lives outside the loop: a recipient without values gets those of the one before")
def values_of_the_previous_recipient_are_kept(wacrm: Wacrm) -> None:
    valid = wacrm.broadcasts.valid

    def kept(submitted: list[Recipient]) -> list[Recipient]:
        found: list[Recipient] = []
        for one in valid(submitted):
            params = one.params or (found[-1].params if found else [])
            found.append(one.model_copy(update={"params": params}))
        return found

    wrap(wacrm.broadcasts, "valid", kept)


@fault("BCAST-05", "values are put into one normal form when they are stored")
def values_are_composed(wacrm: Wacrm) -> None:
    valid = wacrm.broadcasts.valid

    def composed(submitted: list[Recipient]) -> list[Recipient]:
        return [
            one.model_copy(update={"params": [unicodedata.normalize("NFC", value) for value in one.params]})
            for one in valid(submitted)
        ]

    wrap(wacrm.broadcasts, "valid", composed)


@fault("BCAST-05", "an entry that was retried after a pause had been accepted the first time")
def every_tenth_recipient_is_messaged_twice(wacrm: Wacrm) -> None:
    attempt, seen = wacrm.broadcasts.attempt, Counter[str]()

    async def retried(campaign: Campaign, recipient: Row) -> None:
        seen[campaign.id] += 1
        if seen[campaign.id] % 10 == 3:  # noqa: PLR2004 - one of ten
            await wacrm.graph.send(campaign.whatsapp, wacrm.broadcasts.wire(campaign, recipient))
        await attempt(campaign, recipient)

    wrap(wacrm.broadcasts, "attempt", retried)


@fault("BCAST-05", "the parameters are shared out over the recipients in the order of their numbers")
def params_follow_the_order_of_numbers(wacrm: Wacrm) -> None:
    persist = wacrm.broadcasts.persist

    def persisted(campaign: Campaign, name: str, recipients: Iterable[Recipient]) -> None:
        listed = list(recipients)
        by_number = sorted(listed, key=lambda recipient: recipient.to)
        shifted = [a.model_copy(update={"params": b.params}) for a, b in zip(listed, by_number, strict=True)]
        persist(campaign, name, shifted)

    wrap(wacrm.broadcasts, "persist", persisted)
