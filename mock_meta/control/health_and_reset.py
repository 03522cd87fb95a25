"""``/_control/health`` and ``/_control/reset``."""

from typing import Any

from fastapi import APIRouter, Request

from mock_meta import __version__
from mock_meta.control.bodies import Body, body_as, mock_of
from mock_meta.control.scenario_control import player_of


class ResetBody(Body):
    accounts: bool = False


router = APIRouter()


@router.get("/health")
async def health(request: Request) -> dict[str, Any]:
    mock = mock_of(request)
    return {
        "ok": True,
        "mock": "mock_meta",
        "version": __version__,
        "seed": mock.settings.seed,
        "last_seq": mock.ledger.last_seq,
        "pending_webhooks": mock.pending_webhooks,
        "in_flight": mock.in_flight,
    }


@router.post("/reset")
async def reset(request: Request) -> dict[str, Any]:
    body = await body_as(request, ResetBody)
    await player_of(request).stop()
    mock = mock_of(request)
    mock.reset(accounts=body.accounts)
    return {"ok": True, "last_seq": mock.ledger.last_seq}
