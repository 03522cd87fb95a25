"""What an operator does in the product's own pages, for tests: no part of the API, and there only with `--control`."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from reference.wacrm.routes.wiring import wacrm_of

router = APIRouter(prefix="/_control")


@router.post("/keys/{key_hash}/revoke")
async def revoke_key(request: Request, key_hash: str) -> Response:
    wacrm_of(request).keys.revoke(key_hash)
    return Response(status_code=204)
