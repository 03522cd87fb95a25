"""Scenario files: accounts, switches and a schedule of events in TOML, for demonstrations and load tests.

Every table holds the body of the control call of the same name, and is checked as that call checks it before anything begins.
"""

import json
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, Field

from mock_meta.control.account_bodies import ConfiguredAccount
from mock_meta.control.accounts import upsert
from mock_meta.control.behaviour import BehaviourBody, ScriptBody
from mock_meta.control.bodies import Body, as_body
from mock_meta.control.errors import ControlError, suggestion
from mock_meta.control.faults import FaultBody
from mock_meta.control.inbound_bodies import CoexistenceBody, InboundBody
from mock_meta.control.switches import DeliveryBody
from mock_meta.control.webhooks import StatusesBody
from mock_meta.mock import Mock
from mock_meta.simulation.limits import LimitSettings
from mock_meta.simulation.review_settings import ReviewSettings
from mock_meta.simulation.setting_types import Seconds
from mock_meta.webhooks.chaos import Chaos
from mock_meta.webhooks.outgoing_updates import Batch

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """A control call that a table of the file stands for; ``undone`` when it can be taken back after a while."""

    method: str
    path: str
    model: type[BaseModel]
    undone: bool = False


CALLS = {
    "behaviour": Call("PUT", "behaviour", BehaviourBody),
    "recipients": Call("POST", "behaviour/recipients", ScriptBody),
    "limits": Call("PUT", "limits", LimitSettings),
    "chaos": Call("PUT", "chaos", Chaos),
    "batch": Call("PUT", "batch", Batch),
    "reviews": Call("PUT", "reviews", ReviewSettings),
    "delivery": Call("PUT", "delivery", DeliveryBody, undone=True),
    "fault": Call("POST", "faults", FaultBody, undone=True),
    "inbound": Call("POST", "inbound", InboundBody),
    "coexistence": Call("POST", "coexistence", CoexistenceBody),
    "statuses": Call("POST", "statuses", StatusesBody),
}


class MomentBody(Body):
    """When, in seconds from the start, and for how long."""

    second: Seconds
    lasts: Seconds | None = Field(default=None, alias="for")


@dataclass(frozen=True, slots=True)
class Step:
    """One call at its second; ``lasts`` seconds until it is taken back, None for never. ``place`` in the file."""

    place: str
    second: float
    name: str
    body: Json
    lasts: float | None = None


@dataclass(frozen=True, slots=True)
class Scenario:
    """What is set up before the clock starts, and the schedule in its order."""

    accounts: list[ConfiguredAccount] = field(default_factory=list)
    opening: list[Step] = field(default_factory=list)
    schedule: list[Step] = field(default_factory=list)


def read_scenario(text: str) -> Scenario:
    """Raises ControlError, with the place, for anything that could not be carried out."""
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as problem:
        raise ControlError(f"not TOML: {problem}") from problem
    accounts, moments = document.pop("accounts", []), document.pop("at", [])
    for place, entries in (("accounts", accounts), ("at", moments)):
        if not isinstance(entries, list):
            raise ControlError(f"{place}: write [[{place}]], once for each")
    bodies = [_checked(f"accounts {number}", account, ConfiguredAccount) for number, account in enumerate(accounts, 1)]
    _check_names("the file", "table", document, (*CALLS, "accounts", "at"))
    opening = [_step("the file", 0.0, name, body, None) for name, body in document.items()]
    schedule = [step for number, moment in enumerate(moments, 1) for step in _moment(f"at {number}", moment)]
    return Scenario(bodies, opening, sorted(schedule, key=lambda step: step.second))


def set_up(mock: Mock, scenario: Scenario) -> None:
    """Make the accounts. Raises ControlError, with the place, for one that the mock does not take, and for strangers."""
    _check_subjects(mock, scenario)
    for number, account in enumerate(scenario.accounts, 1):
        try:
            upsert(mock, account.waba_id, account)
        except ControlError as problem:
            raise ControlError(f"accounts {number}: {problem.sentence}", problem.status) from problem


def _check_subjects(mock: Mock, scenario: Scenario) -> None:
    """Whom the steps name must be there. Where there is nobody yet, the control may still make them before their second."""
    wabas, numbers = set[str](), set[str]()
    for there in mock.accounts:
        wabas.add(there.waba_id)
        numbers.update(there.phones)
    for made in scenario.accounts:
        wabas.add(made.waba_id)
        numbers.update(number.id for number in made.phone_numbers or ())
    for step in (*scenario.opening, *scenario.schedule):
        for member, what, known in (("waba_id", "account", wabas), ("phone_number_id", "phone number", numbers)):
            name = step.body.get(member)
            if name is not None and name not in known and (known or step in scenario.opening):
                raise ControlError(f"{step.place}, {step.name}: no {what} {name!r}{suggestion(name, known)}")


def _moment(place: str, moment: object) -> list[Step]:
    if not isinstance(moment, dict):
        raise ControlError(f"{place}: write [[at]], once for each")
    _check_names(place, "member", moment, ("second", "for", *CALLS))
    when = {name: moment[name] for name in ("second", "for") if name in moment}
    model = _checked(place, when, MomentBody)
    calls = {name: body for name, body in moment.items() if name not in when}
    if not calls:
        raise ControlError(f"{place}: nothing happens; known: {', '.join(CALLS)}")
    return [_step(place, model.second, name, body, model.lasts) for name, body in calls.items()]


def _check_names(place: str, what: str, names: Iterable[str], known: tuple[str, ...]) -> None:
    for name in names:
        if name not in known:
            raise ControlError(f"{place}: unknown {what} {name!r}{suggestion(name, known)}")


def _step(place: str, second: float, name: str, body: object, lasts: float | None) -> Step:
    if lasts is not None and not CALLS[name].undone:
        takeable = " and ".join(sorted(known for known, call in CALLS.items() if call.undone))
        raise ControlError(f"{place}: only {takeable} can be taken back with 'for'; give {name!r} a second [[at]]")
    _checked(f"{place}, {name}", body, CALLS[name].model)
    waits = {"wait": False} if "wait" in CALLS[name].model.model_fields else {}
    return Step(place, second, name, {**waits, **body} if isinstance(body, dict) else {}, lasts)


def _checked(place: str, body: object, model: type[Any]) -> Any:  # noqa: ANN401  # an instance of the model
    try:
        json.dumps(body, allow_nan=False)  # TOML has dates and infinities, JSON has not
        return as_body(body, model)
    except ControlError as problem:
        raise ControlError(f"{place}: {problem.sentence}") from problem
    except (TypeError, ValueError) as problem:
        raise ControlError(f"{place}: {problem}") from problem
