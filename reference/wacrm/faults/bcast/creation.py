"""BCAST-01, BCAST-02, BCAST-03, BCAST-04, BCAST-14: the answer to a broadcast, and what is refused."""

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

from reference.wacrm.assembly import Wacrm
from reference.wacrm.domain.broadcasts import Campaign
from reference.wacrm.faults.registry import Fault, fault
from reference.wacrm.patching.patches import answer, patch, request_body, status
from reference.wacrm.patching.steps import replace_step, wrap
from reference.wacrm.protocol.bodies import MAXIMUM_RECIPIENTS, BroadcastCreate, Recipient
from reference.wacrm.protocol.envelope import Json
from reference.wacrm.protocol.operations import Operation
from reference.wacrm.storage.database import Row


@patch
def _receipt(wacrm: Wacrm, change: Callable[[Json], None]) -> None:
    answer(Operation.CREATE_BROADCAST, lambda body: change(body["data"]), status=202)(wacrm)


ROWS = (
    Fault("BCAST-01", "accepted-broadcast-answers-201", status(Operation.CREATE_BROADCAST, 202, 201),
          "a broadcast is answered like any other creation"),
    Fault("BCAST-03", "missing-template-name-is-accepted",
          request_body(BroadcastCreate, lambda body: body | {"template_name": body.get("template_name") or "hello_world"}),
          "an empty template name is accepted"),
    Fault("BCAST-04", "language-defaults-to-en",
          request_body(BroadcastCreate, lambda body: body | {"template_language": body.get("template_language") or "en"}),
          "the default language is the bare one, which Meta does not have"),
)  # fmt: skip


@fault(
    "BCAST-01",
    "the 202 says queued, a state that the documentation does not have",
    partial(answer, Operation.CREATE_BROADCAST, status=202),
)
def accepted_broadcast_is_queued(body: Json) -> None:
    body["data"]["status"] = "queued"


@fault("BCAST-02", "accepted counts what was submitted", _receipt)
def accepted_counts_invalid_numbers(data: Json) -> None:
    data["accepted"] += data["rejected"]


@fault("BCAST-02", "rejected numbers are dropped before they are counted", _receipt)
def rejected_is_always_zero(data: Json) -> None:
    data["rejected"] = 0


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

    wrap(wacrm.broadcasts, "distinct", noted)
    wrap(wacrm.broadcasts, "attempt", repeated)


@fault("BCAST-03", "recipients over a thousand are silently left out", partial(request_body, BroadcastCreate))
def recipients_over_a_thousand_are_left_out(body: dict[str, Any]) -> dict[str, Any]:
    recipients = body.get("recipients")
    return body | {"recipients": recipients[:MAXIMUM_RECIPIENTS]} if isinstance(recipients, list) else body


@fault("BCAST-03", "a broadcast without a valid number is accepted and ends at once")
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

    wrap(wacrm.broadcasts, "valid", someone)
    wrap(wacrm.broadcasts, "distinct", real)
    wrap(wacrm.broadcasts, "receipt", counted)


@fault("BCAST-04", "the name is made from the template's, whatever name was sent")
def given_name_is_ignored(wacrm: Wacrm) -> None:
    def made(body: BroadcastCreate) -> str:
        return f"Broadcast {body.template_name}"

    replace_step(wacrm.broadcasts, "name", made)


@fault("BCAST-04", "a broadcast without a name is called untitled")
def missing_name_is_untitled(wacrm: Wacrm) -> None:
    def untitled(body: BroadcastCreate) -> str:
        return body.name or "Untitled broadcast"

    replace_step(wacrm.broadcasts, "name", untitled)


@fault("BCAST-14", "the 202 gives the number of entries in the request", _receipt)
def total_in_the_202_counts_rejected_numbers(data: Json) -> None:
    data["total_recipients"] += data["rejected"]


@fault(
    "BCAST-14",
    "the total of a read counts down, as the dashboard's progress bar wants it",
    partial(answer, Operation.READ_BROADCAST),
)
def total_of_a_read_leaves_failed_ones_out(body: Json) -> None:
    body["data"]["total_recipients"] -= body["data"]["failed_count"]
