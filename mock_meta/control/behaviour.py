"""``/_control/behaviour``: who gets delivered, read, failed, and when."""

from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import AfterValidator, model_validator

from mock_meta.control.accounts import account_of
from mock_meta.control.bodies import Body, body_as, mock_of
from mock_meta.control.errors import suggestion
from mock_meta.simulation.behaviour import PROFILES, Chance, Distribution, Failure, Status, Step, describe
from mock_meta.simulation.setting_types import Probability, Seconds, Span


def _digits_only(number: str) -> str:
    """A number as the mock compares it."""
    digits = "".join(letter for letter in number if letter.isdigit())
    if not digits:
        raise ValueError(f"{number!r} is not a phone number")
    return digits


def _known_profile(name: str) -> str:
    if name not in PROFILES:
        raise ValueError(f"no profile {name!r}{suggestion(name, PROFILES)}")
    return name


Number = Annotated[str, AfterValidator(_digits_only)]


class ChanceBody(Body):
    probability: Probability = 1.0
    after: Span = (0.0, 0.0)

    def chance(self) -> Chance:
        return Chance(self.probability, *self.after)


class FailedBody(ChanceBody):
    probability: Probability = 0.0
    code: int = 131026
    title: str | None = None
    details: str | None = None


class BehaviourBody(Body):
    """Either a profile's name, or a distribution of its own; what it does not mention never happens."""

    profile: Annotated[str, AfterValidator(_known_profile)] | None = None
    waba_id: str | None = None
    sent: ChanceBody | None = None
    delivered: ChanceBody | None = None
    read: ChanceBody | None = None
    played: ChanceBody | None = None
    failed: FailedBody | None = None

    @model_validator(mode="after")
    def _either_or(self) -> "BehaviourBody":
        custom = [self.sent, self.delivered, self.read, self.played, self.failed]
        if (self.profile is None) == all(part is None for part in custom):
            raise ValueError(
                "give either 'profile' or a distribution of 'sent', 'delivered', 'read', 'played', 'failed'"
            )
        return self


class ErrorBody(Body):
    code: int
    title: str | None = None
    details: str | None = None


class StepBody(Body):
    status: Status
    after: Seconds = 0.0
    error: ErrorBody | None = None

    def step(self) -> Step:
        error = Failure(self.error.code, self.error.title, self.error.details) if self.error else None
        return Step(self.status, self.after, error)


class ScriptBody(Body):
    to: list[Number]
    script: list[StepBody]


router = APIRouter(prefix="/behaviour")


@router.get("")
async def get_behaviour(request: Request) -> dict[str, Any]:
    default = mock_of(request).behaviour.default
    profile = next((name for name, one in PROFILES.items() if one == default), None)
    return {"profile": profile, "profiles": list(PROFILES), "behaviour": describe(default)}


@router.put("")
async def put_behaviour(request: Request) -> dict[str, Any]:
    mock = mock_of(request)
    body = await body_as(request, BehaviourBody)
    distribution = _distribution(body)
    if body.waba_id is None:
        mock.behaviour.set_default(distribution)
    else:
        mock.behaviour.set_account(account_of(mock.accounts, body.waba_id).waba_id, distribution)
    return {"ok": True, "behaviour": describe(distribution)}


def _distribution(body: BehaviourBody) -> Distribution:
    if body.profile is not None:
        return PROFILES[body.profile]
    never = Chance(0.0)
    parts = (body.sent, body.delivered, body.read, body.played, body.failed)
    sent, delivered, read, played, failed = (part.chance() if part else never for part in parts)
    failure = Failure(body.failed.code, body.failed.title, body.failed.details) if body.failed else Failure(131026)
    return Distribution(sent, delivered, read, failed, failure, played)


@router.post("/recipients")
async def put_script(request: Request) -> dict[str, Any]:
    body = await body_as(request, ScriptBody)
    mock_of(request).behaviour.set_script(body.to, [step.step() for step in body.script])
    return {"ok": True, "recipients": len(body.to)}
