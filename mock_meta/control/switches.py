"""The switches of Meta's own behaviour under ``/_control``: limits, chaos, batch, delivery, reviews, pacing, magic-numbers."""

from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import Field

from mock_meta.control.bodies import Body, body_as, mock_of
from mock_meta.simulation.limits import LimitSettings
from mock_meta.simulation.magic_numbers import shown as magic_numbers
from mock_meta.simulation.review_settings import ReviewSettings
from mock_meta.webhooks.chaos import Chaos
from mock_meta.webhooks.outgoing_updates import Batch


class DeliveryBody(Body):
    paused: bool


class PacingBody(Body):
    """How many messages of a new template go out before its quality is known; null ends pacing."""

    first: Annotated[int, Field(ge=0)] | None


router = APIRouter()


@router.get("/limits")
async def get_limits(request: Request) -> dict[str, Any]:
    return mock_of(request).limits.settings.model_dump()


@router.put("/limits")
async def put_limits(request: Request) -> dict[str, Any]:
    limits = mock_of(request).limits
    limits.settings = limits.settings.changed(await body_as(request, LimitSettings))
    return limits.settings.model_dump()


@router.get("/chaos")
async def get_chaos(request: Request) -> dict[str, Any]:
    return {"chaos": mock_of(request).publisher.chaos.model_dump()}


@router.put("/chaos")
async def put_chaos(request: Request) -> dict[str, Any]:
    publisher = mock_of(request).publisher
    publisher.change(await body_as(request, Chaos))
    return {"chaos": publisher.chaos.model_dump()}


@router.get("/batch")
async def get_batch(request: Request) -> dict[str, Any]:
    return {"batch": mock_of(request).outgoing.batch.model_dump()}


@router.put("/batch")
async def put_batch(request: Request) -> dict[str, Any]:
    outgoing = mock_of(request).outgoing
    outgoing.batch = await body_as(request, Batch)
    return {"batch": outgoing.batch.model_dump()}


@router.get("/delivery")
async def get_delivery(request: Request) -> dict[str, bool]:
    return {"paused": mock_of(request).pause.paused}


@router.put("/delivery")
async def put_delivery(request: Request) -> dict[str, bool]:
    body = await body_as(request, DeliveryBody)
    gate = mock_of(request).pause
    (gate.pause if body.paused else gate.resume)()
    return {"paused": gate.paused}


@router.put("/reviews")
async def put_reviews(request: Request) -> dict[str, Any]:
    mock_of(request).reviews = await body_as(request, ReviewSettings)
    return {"ok": True}


@router.put("/pacing")
async def put_pacing(request: Request) -> dict[str, Any]:
    body = await body_as(request, PacingBody)
    mock_of(request).pacing.first = body.first
    return {"ok": True}


@router.get("/magic-numbers")
async def get_magic_numbers() -> dict[str, Any]:
    return {"magic_numbers": magic_numbers()}
