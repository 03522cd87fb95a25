"""`/broadcasts`: start one, read one."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from reference.wacrm.protocol.bodies import BroadcastCreate
from reference.wacrm.protocol.operations import Operation
from reference.wacrm.routes.wiring import admit

router = APIRouter()


@router.post("/broadcasts")
async def create_broadcast(request: Request) -> Response:
    wacrm, caller = admit(request, Operation.CREATE_BROADCAST)
    body = await wacrm.bodies.read(request, BroadcastCreate)
    return wacrm.envelope.one(Operation.CREATE_BROADCAST, wacrm.broadcasts.create(caller.account_id, body), 202)


@router.get("/broadcasts/{broadcast_id}")
async def read_broadcast(request: Request, broadcast_id: str) -> Response:
    wacrm, caller = admit(request, Operation.READ_BROADCAST)
    return wacrm.envelope.one(Operation.READ_BROADCAST, wacrm.broadcasts.read(caller.account_id, broadcast_id))
