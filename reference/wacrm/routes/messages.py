"""`POST /messages`: send one message."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from reference.wacrm.protocol.bodies import MessageCreate
from reference.wacrm.protocol.operations import Operation
from reference.wacrm.routes.wiring import admit

router = APIRouter()


@router.post("/messages")
async def send_message(request: Request) -> Response:
    wacrm, caller = admit(request, Operation.SEND_MESSAGE)
    body = await wacrm.bodies.read(request, MessageCreate)
    sent = await wacrm.messages.send(caller.account_id, body)
    return wacrm.envelope.one(Operation.SEND_MESSAGE, sent, 201)
