"""A thread in which much happens at once, and what endpoints must be told of it (HOOK-13)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.wacrm.steps.endpoints import RECEIVED, STATUS

if TYPE_CHECKING:
    from conformance.wacrm.steps.account import Account
    from conformance.wacrm.steps.endpoints import Endpoint

MESSAGES = 6
SENDS = 3


@dataclass(frozen=True)
class BusyThread:
    """The customer's messages, and a message of which Meta reported nothing but that it was read."""

    received: list[str]
    read: str


def run_busy_thread(account: Account, endpoint: Endpoint) -> BusyThread:
    """A customer's first message, several at once, and several sends into the same thread."""
    customer, reader = account.numbers.fresh(), account.numbers.fresh()
    account.mock_meta.script(customer)
    account.mock_meta.script(reader, ("read", 0.1))
    received = [account.receive(customer)]
    endpoint.wait(RECEIVED, whatsapp_message_id=received[0])
    text = {"from": customer.lstrip("+"), "type": "text"}
    bodies = [{**text, "text": {"body": account.marker()}} for _ in range(MESSAGES)]
    received += account.mock_meta.inbound(account.phone_number_id, *bodies)
    for _ in range(SENDS):
        account.send(customer)
    read = str(account.send(reader)["whatsapp_message_id"])
    endpoint.wait(STATUS, whatsapp_message_id=read, status="read")
    received.append(account.receive(customer))
    endpoint.wait(RECEIVED, at_least=len(received))
    endpoint.quiet()
    return BusyThread(received, read)
