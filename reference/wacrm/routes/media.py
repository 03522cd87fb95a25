"""Media of customers, which `media_url` leads to."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from reference.wacrm.protocol.operations import Operation
from reference.wacrm.routes.wiring import admit

router = APIRouter()


@router.get("/api/whatsapp/media/{media_id}")
async def download(request: Request, media_id: str) -> Response:
    """Where `media_url` leads: for every key that may read the message."""
    wacrm, caller = admit(request, Operation.LIST_MESSAGES)
    medium = await wacrm.media.download(caller.account_id, media_id)
    return Response(medium.content, headers={"Content-Type": medium.type})
