"""What users do. A class per scenario; `Day` is all of them, in the proportions of a working day."""

from loadtests.scenarios.broadcast import BroadcastScenario
from loadtests.scenarios.contacts import ContactsScenario
from loadtests.scenarios.inbound import InboundScenario
from loadtests.scenarios.inbox import InboxScenario
from loadtests.scenarios.limits import LimitsScenario
from loadtests.scenarios.send import SendScenario


class DayScenario(SendScenario, InboxScenario, ContactsScenario, InboundScenario, BroadcastScenario, LimitsScenario):
    """A working day: visits in the proportions that the weights of all scenarios' visits give."""


SCENARIOS = {
    "send": SendScenario,
    "inbox": InboxScenario,
    "contacts": ContactsScenario,
    "broadcast": BroadcastScenario,
    "inbound": InboundScenario,
    "limits": LimitsScenario,
    "day": DayScenario,
}

__all__ = [
    "SCENARIOS",
    "BroadcastScenario",
    "ContactsScenario",
    "DayScenario",
    "InboundScenario",
    "InboxScenario",
    "LimitsScenario",
    "SendScenario",
]
