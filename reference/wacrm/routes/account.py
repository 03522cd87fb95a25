"""`GET /me`: whose key it is."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from reference.wacrm.protocol.operations import Operation
from reference.wacrm.routes.wiring import admit

router = APIRouter()


@router.get("/me")
async def me(request: Request) -> Response:
    wacrm, caller = admit(request, Operation.ME)
    account = {"id": caller.account_id, "name": caller.account_name}
    key = {"id": caller.key_id, "scopes": list(caller.scopes)}
    return wacrm.envelope.one(Operation.ME, {"account": account, "key": key})
