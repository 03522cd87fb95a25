"""The switches of Meta's own behaviour under ``/_control``: limits, chaos, batch, delivery, reviews, pacing, magic-numbers."""

from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import Field

from mock_meta.control.behaviour import Probability, Seconds, Span
from mock_meta.control.bodies import body_as, mock_of
from mock_meta.control.shapes import Shape
from mock_meta.simulation.magic_numbers import shown as magic_numbers
from mock_meta.simulation.review_settings import Decision, ReviewSettings
from mock_meta.webhooks.outgoing_updates import Batch

Positive = Annotated[int, Field(ge=1)]
PositiveSeconds = Annotated[float, Field(gt=0)]


class ThroughputShape(Shape):
    enabled: bool = True
    per_second: Positive | None = None


class PairShape(Shape):
    enabled: bool = True
    burst: Positive | None = None
    refill_seconds: PositiveSeconds | None = None


class WindowShape(Shape):
    enabled: bool = True
    seconds: PositiveSeconds | None = None


class MessagingShape(Shape):
    enabled: bool = True
    users: Positive | None = None


class PerHourShape(Shape):
    enabled: bool = True
    per_hour: Positive | None = None


class RegistrationShape(Shape):
    enabled: bool = True
    per_72_hours: Positive | None = None


class LimitsShape(Shape):
    """A limit that is mentioned is on unless it says ``enabled: false``; the others stay as they are."""

    throughput: ThroughputShape | None = None
    pair_rate: PairShape | None = None
    window: WindowShape | None = None
    messaging_limit: MessagingShape | None = None
    app_calls: PerHourShape | None = None
    management_calls: PerHourShape | None = None
    template_creations: PerHourShape | None = None
    registrations: RegistrationShape | None = None


class ChaosShape(Shape):
    duplicate: Probability | None = None
    reorder: Probability | None = None
    reorder_seconds: Seconds | None = None
    delay: Probability | None = None
    delay_seconds: Seconds | None = None
    drop: Probability | None = None
    wrong_signature: Probability | None = None


class BatchShape(Shape):
    most: Annotated[int, Field(ge=1, le=1000)] = 1
    seconds: Seconds = 0.1


class DeliveryShape(Shape):
    paused: bool


class ReviewsShape(Shape):
    after: Span = (0.5, 0.5)
    decision: Decision = Decision.APPROVE
    reason: str = "INVALID_FORMAT"


class PacingShape(Shape):
    """How many messages of a new template go out before its quality is known; null ends pacing."""

    first: Annotated[int, Field(ge=0)] | None


router = APIRouter()


@router.get("/limits")
async def get_limits(request: Request) -> dict[str, Any]:
    return mock_of(request).limits.settings.shown()


@router.put("/limits")
async def put_limits(request: Request) -> dict[str, Any]:
    limits = mock_of(request).limits
    body = await body_as(request, LimitsShape)
    limits.settings = limits.settings.changed(body.model_dump(exclude_none=True))
    return limits.settings.shown()


@router.get("/chaos")
async def get_chaos(request: Request) -> dict[str, Any]:
    return {"chaos": mock_of(request).carrier.shown()}


@router.put("/chaos")
async def put_chaos(request: Request) -> dict[str, Any]:
    carrier = mock_of(request).carrier
    body = await body_as(request, ChaosShape)
    carrier.change(**body.model_dump(exclude_none=True))
    return {"chaos": carrier.shown()}


@router.get("/batch")
async def get_batch(request: Request) -> dict[str, Any]:
    return {"batch": mock_of(request).announcer.shown()}


@router.put("/batch")
async def put_batch(request: Request) -> dict[str, Any]:
    announcer = mock_of(request).announcer
    body = await body_as(request, BatchShape)
    announcer.batch = Batch(body.most, body.seconds)
    return {"batch": announcer.shown()}


@router.get("/delivery")
async def get_delivery(request: Request) -> dict[str, bool]:
    return {"paused": mock_of(request).pause.paused}


@router.put("/delivery")
async def put_delivery(request: Request) -> dict[str, bool]:
    body = await body_as(request, DeliveryShape)
    gate = mock_of(request).pause
    (gate.pause if body.paused else gate.resume)()
    return {"paused": gate.paused}


@router.put("/reviews")
async def put_reviews(request: Request) -> dict[str, Any]:
    body = await body_as(request, ReviewsShape)
    mock_of(request).reviews = ReviewSettings(*body.after, body.decision, body.reason)
    return {"ok": True}


@router.put("/pacing")
async def put_pacing(request: Request) -> dict[str, Any]:
    body = await body_as(request, PacingShape)
    mock_of(request).pacing.first = body.first
    return {"ok": True}


@router.get("/magic-numbers")
async def get_magic_numbers() -> dict[str, Any]:
    return {"magic_numbers": magic_numbers()}
