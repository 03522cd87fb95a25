"""BCAST: what a broadcast answers, whom it writes to, and when it is over (01 to 06, 11, 12, 14)."""

import asyncio
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from reference.wacrm.assembly import Wacrm
from reference.wacrm.domain.broadcasts import Campaign
from reference.wacrm.faults.registry import fault
from reference.wacrm.faults.steps import patch, reshape, restatus, rewrite
from reference.wacrm.meta.graph_client import AnswerLostError, SendError
from reference.wacrm.protocol.bodies import MAXIMUM_RECIPIENTS, B, BroadcastCreate, Recipient
from reference.wacrm.protocol.envelope import Json
from reference.wacrm.protocol.operations import Operation
from reference.wacrm.storage.database import Row


@fault("BCAST-01", "a broadcast is answered like any other creation")
def accepted_broadcast_answers_201(wacrm: Wacrm) -> None:
    restatus(wacrm, Operation.CREATE_BROADCAST, 202, 201)


@fault("BCAST-01", "the 202 says queued, a state that the documentation does not have")
def accepted_broadcast_is_queued(wacrm: Wacrm) -> None:
    def queued(body: Json) -> None:
        body["data"]["status"] = "queued"

    reshape(wacrm, Operation.CREATE_BROADCAST, queued, status=202)


def _receipt(wacrm: Wacrm, change: Callable[[Json], None]) -> None:
    reshape(wacrm, Operation.CREATE_BROADCAST, lambda body: change(body["data"]), status=202)


@fault("BCAST-02", "accepted counts what was submitted")
def accepted_counts_invalid_numbers(wacrm: Wacrm) -> None:
    def all_of_them(data: Json) -> None:
        data["accepted"] += data["rejected"]

    _receipt(wacrm, all_of_them)


@fault("BCAST-02", "rejected numbers are dropped before they are counted")
def rejected_is_always_zero(wacrm: Wacrm) -> None:
    def none(data: Json) -> None:
        data["rejected"] = 0

    _receipt(wacrm, none)


def _accept(wacrm: Wacrm, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    validate = wacrm.bodies.validate

    def lenient(body: dict[str, Any], model: type[B]) -> B:
        return validate(change(body) if model is BroadcastCreate else body, model)

    patch(wacrm.bodies, "validate", lenient)


@fault("BCAST-03", "what is over a thousand is left out without a word")
def recipients_over_a_thousand_are_left_out(wacrm: Wacrm) -> None:
    def cut(body: dict[str, Any]) -> dict[str, Any]:
        recipients = body.get("recipients")
        return body | {"recipients": recipients[:MAXIMUM_RECIPIENTS]} if isinstance(recipients, list) else body

    _accept(wacrm, cut)


@fault("BCAST-03", "a broadcast to nobody is accepted, and done at once")
def broadcast_without_a_valid_number_is_accepted(wacrm: Wacrm) -> None:
    valid, distinct = wacrm.broadcasts.valid, wacrm.broadcasts.distinct
    receipt = wacrm.broadcasts.receipt
    nobody = Recipient(to="")

    def someone(recipients: list[Recipient]) -> list[Recipient]:
        return valid(recipients) or [nobody]

    def real(recipients: list[Recipient]) -> list[Recipient]:
        return distinct([recipient for recipient in recipients if recipient is not nobody])

    def counted(campaign: Campaign, submitted: int, accepted: int, queued: int) -> Json:
        return receipt(campaign, submitted, min(accepted, queued) if not queued else accepted, queued)

    patch(wacrm.broadcasts, "valid", someone)
    patch(wacrm.broadcasts, "distinct", real)
    patch(wacrm.broadcasts, "receipt", counted)


@fault("BCAST-03", "an empty template name is a string, too")
def missing_template_name_is_accepted(wacrm: Wacrm) -> None:
    _accept(wacrm, lambda body: body if body.get("template_name") else body | {"template_name": "hello_world"})


@fault("BCAST-04", "the default language is the bare one, which Meta does not have")
def language_defaults_to_en(wacrm: Wacrm) -> None:
    _accept(wacrm, lambda body: body if body.get("template_language") else body | {"template_language": "en"})


@fault("BCAST-04", "a broadcast without a name is called untitled")
def missing_name_is_untitled(wacrm: Wacrm) -> None:
    def untitled(body: BroadcastCreate) -> str:
        return body.name or "Untitled broadcast"

    patch(wacrm.broadcasts, "name", untitled)


@fault("BCAST-05", "the parameters are built once, for the first recipient")
def everybody_gets_the_first_recipients_params(wacrm: Wacrm) -> None:
    persist = wacrm.broadcasts.persist

    def persisted(campaign: Campaign, name: str, recipients: Iterable[Recipient]) -> None:
        listed = list(recipients)
        same = [recipient.model_copy(update={"params": listed[0].params}) for recipient in listed]
        persist(campaign, name, same)

    patch(wacrm.broadcasts, "persist", persisted)


@fault("BCAST-05", "values are looked up by position in the list that was submitted, rejected entries and all")
def values_shift_behind_a_rejected_entry(wacrm: Wacrm) -> None:
    valid = wacrm.broadcasts.valid
    patch(wacrm.broadcasts, "valid", lambda submitted: _with_values_of(valid(submitted), submitted))


@fault("BCAST-05", "numbers that are listed again are taken out of the list of numbers, and not out of that of values")
def values_shift_behind_a_repeated_entry(wacrm: Wacrm) -> None:
    distinct = wacrm.broadcasts.distinct
    patch(wacrm.broadcasts, "distinct", lambda listed: _with_values_of(distinct(listed), listed))


@fault("BCAST-05", "the variable lives outside the loop: a recipient without values gets those of the one before")
def values_of_the_previous_recipient_are_kept(wacrm: Wacrm) -> None:
    valid = wacrm.broadcasts.valid

    def kept(submitted: list[Recipient]) -> list[Recipient]:
        found: list[Recipient] = []
        for one in valid(submitted):
            params = one.params or (found[-1].params if found else [])
            found.append(one.model_copy(update={"params": params}))
        return found

    patch(wacrm.broadcasts, "valid", kept)


@fault("BCAST-05", "values are put into one normal form when they are stored")
def values_are_composed(wacrm: Wacrm) -> None:
    valid = wacrm.broadcasts.valid

    def composed(submitted: list[Recipient]) -> list[Recipient]:
        return [
            one.model_copy(update={"params": [unicodedata.normalize("NFC", value) for value in one.params]})
            for one in valid(submitted)
        ]

    patch(wacrm.broadcasts, "valid", composed)


def _with_values_of(recipients: list[Recipient], listed: list[Recipient]) -> list[Recipient]:
    """The recipients with the values that stand at their places in another list."""
    return [one.model_copy(update={"params": listed[place].params}) for place, one in enumerate(recipients)]


@fault("BCAST-05", "an entry that was retried after a pause had been accepted the first time")
def every_tenth_recipient_is_messaged_twice(wacrm: Wacrm) -> None:
    attempt, seen = wacrm.broadcasts.attempt, Counter[str]()

    async def retried(campaign: Campaign, recipient: Row) -> None:
        seen[campaign.id] += 1
        if seen[campaign.id] % 10 == 3:  # noqa: PLR2004 - one of ten
            await wacrm.graph.send(campaign.whatsapp, wacrm.broadcasts.wire(campaign, recipient))
        await attempt(campaign, recipient)

    patch(wacrm.broadcasts, "attempt", retried)


@fault("BCAST-02", "a number that is listed twice is messaged twice")
def number_listed_twice_is_messaged_twice(wacrm: Wacrm) -> None:
    distinct = wacrm.broadcasts.distinct
    again: set[str] = set()
    attempt = wacrm.broadcasts.attempt

    def noted(recipients: list[Recipient]) -> list[Recipient]:
        counts = Counter(recipient.to for recipient in recipients)
        again.update(to for to, count in counts.items() if count > 1)
        return distinct(recipients)

    async def repeated(campaign: Campaign, recipient: Row) -> None:
        if recipient["phone"] in again:
            again.discard(recipient["phone"])
            await wacrm.graph.send(campaign.whatsapp, wacrm.broadcasts.wire(campaign, recipient))
        await attempt(campaign, recipient)

    patch(wacrm.broadcasts, "distinct", noted)
    patch(wacrm.broadcasts, "attempt", repeated)


@fault("BCAST-06", "a broadcast with a failed recipient is never called sent")
def broadcast_with_a_failure_stays_sending(wacrm: Wacrm) -> None:
    rewrite(
        wacrm.broadcasts.sql,
        "finish",
        "AND id = :id",
        "AND id = :id AND NOT EXISTS (SELECT 1 FROM broadcast_recipients "
        "WHERE broadcast_id = :id AND broadcast_recipients.state = 'failed')",
    )


@fault("BCAST-06", "the state is set when the last send begins")
def broadcast_is_sent_before_its_sends_are(wacrm: Wacrm) -> None:
    attempt, seen = wacrm.broadcasts.attempt, Counter[str]()

    async def early(campaign: Campaign, recipient: Row) -> None:
        seen[campaign.id] += 1
        if seen[campaign.id] == 1:
            wacrm.broadcasts.finish(campaign)
        await attempt(campaign, recipient)

    patch(wacrm.broadcasts, "attempt", early)


def _attempt(wacrm: Wacrm, on_error: Callable[[Campaign, Row, SendError], bool]) -> None:
    """What becomes of a recipient whose send fails; False leaves it to the right code."""
    broadcasts, send = wacrm.broadcasts, wacrm.sender.send

    async def attempted(campaign: Campaign, recipient: Row) -> None:
        try:
            wamid = await send(campaign.account, campaign.whatsapp, broadcasts.wire(campaign, recipient))
        except SendError as error:
            if not on_error(campaign, recipient, error):
                broadcasts.refused(recipient)
        else:
            broadcasts.accepted(campaign, recipient, wamid)

    patch(broadcasts, "attempt", attempted)


@fault("BCAST-11", "a lost answer leaves the recipient pending, to be looked at later, which never comes")
def recipient_without_an_answer_stays_pending(wacrm: Wacrm) -> None:
    _attempt(wacrm, lambda _campaign, _recipient, error: isinstance(error, AnswerLostError))


@fault("BCAST-11", "a throttled recipient is put back into the queue for ever")
def throttled_recipient_never_ends(wacrm: Wacrm) -> None:
    attempt_again, broadcasts, send = "130429", wacrm.broadcasts, wacrm.sender.send

    async def attempted(campaign: Campaign, recipient: Row) -> None:
        while True:
            try:
                wamid = await send(campaign.account, campaign.whatsapp, broadcasts.wire(campaign, recipient))
            except SendError as error:
                if attempt_again not in str(error):
                    broadcasts.refused(recipient)
                    return
                await asyncio.sleep(1)
            else:
                broadcasts.accepted(campaign, recipient, wamid)
                return

    patch(broadcasts, "attempt", attempted)


@fault("BCAST-11", "an error of Meta's ends the fan-out, and the rest is never tried")
def unavailable_meta_ends_the_fan_out(wacrm: Wacrm) -> None:
    ended: set[str] = set()
    broadcasts, send = wacrm.broadcasts, wacrm.sender.send

    async def attempted(campaign: Campaign, recipient: Row) -> None:
        if campaign.id in ended:
            return
        try:
            wamid = await send(campaign.account, campaign.whatsapp, broadcasts.wire(campaign, recipient))
        except SendError as error:
            if "13" not in str(error):
                ended.add(campaign.id)
            broadcasts.refused(recipient)
        else:
            broadcasts.accepted(campaign, recipient, wamid)

    patch(broadcasts, "attempt", attempted)


@fault("BCAST-12", "recipients are read in one page of the database, which ends at 500")
def fan_out_ends_at_500(wacrm: Wacrm) -> None:
    rewrite(wacrm.broadcasts.sql, "pending", "ORDER BY id", "ORDER BY id LIMIT 500")


@fault("BCAST-12", "after a few hundred sends the function's time is up, and the broadcast is called done")
def fan_out_gives_up_after_800(wacrm: Wacrm) -> None:
    rewrite(wacrm.broadcasts.sql, "pending", "ORDER BY id", "ORDER BY id LIMIT 800")


@fault("BCAST-14", "the 202 gives the number of entries in the request")
def total_in_the_202_counts_rejected_numbers(wacrm: Wacrm) -> None:
    def submitted(data: Json) -> None:
        data["total_recipients"] += data["rejected"]

    _receipt(wacrm, submitted)


@fault("BCAST-14", "the total of a read counts down, as the dashboard's progress bar wants it")
def total_of_a_read_leaves_failed_ones_out(wacrm: Wacrm) -> None:
    def down(body: Json) -> None:
        body["data"]["total_recipients"] -= body["data"]["failed_count"]

    reshape(wacrm, Operation.READ_BROADCAST, down, status=200)


@fault("BCAST-05", "the parameters are shared out over the recipients in the order of their numbers")
def params_follow_the_order_of_numbers(wacrm: Wacrm) -> None:
    persist = wacrm.broadcasts.persist

    def persisted(campaign: Campaign, name: str, recipients: Iterable[Recipient]) -> None:
        listed = list(recipients)
        by_number = sorted(listed, key=lambda recipient: recipient.to)
        shifted = [a.model_copy(update={"params": b.params}) for a, b in zip(listed, by_number, strict=True)]
        persist(campaign, name, shifted)

    patch(wacrm.broadcasts, "persist", persisted)
