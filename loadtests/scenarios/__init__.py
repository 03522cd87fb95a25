"""What users do: one module per scenario, registered here and nowhere else.

Each module declares a `Scenario` (name, summary, default SLOs) and a user class with its tasks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from loadtests.scenarios.broadcast import BroadcastScenario
from loadtests.scenarios.contacts import ContactsScenario
from loadtests.scenarios.inbound import InboundScenario
from loadtests.scenarios.inbox import InboxScenario
from loadtests.scenarios.limits import LimitsScenario
from loadtests.scenarios.send import SendScenario
from loadtests.users.scenario import Scenario

if TYPE_CHECKING:
    from loadtests.users.user import OpenModelUser

REGISTERED: tuple[type[OpenModelUser], ...] = (
    SendScenario,
    InboxScenario,
    ContactsScenario,
    InboundScenario,
    BroadcastScenario,
    LimitsScenario,
)
"""A new scenario is added here: it is then a value of `--scenario`, in its help, and part of `day`."""
DAY = Scenario("day", "all of them, in the proportions that the weights of their tasks give")


def day(parts: tuple[type[OpenModelUser], ...]) -> type[OpenModelUser]:
    """A working day: one user class with the tasks of all `parts`."""
    return type("DayScenario", parts, {"scenario": DAY, "__module__": __name__})


SCENARIOS = {user.scenario.name: user for user in (day(REGISTERED), *REGISTERED)}
"""User classes by the value of `--scenario`; the first is the default."""
