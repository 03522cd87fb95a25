"""`/webhooks`: register, list, read, change, delete endpoints."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from reference.wacrm.protocol.bodies import WebhookCreate, WebhookPatch
from reference.wacrm.protocol.operations import Operation
from reference.wacrm.routes.wiring import admit

router = APIRouter()


@router.post("/webhooks")
async def create_webhook(request: Request) -> Response:
    wacrm, caller = admit(request, Operation.CREATE_WEBHOOK)
    body = await wacrm.bodies.read(request, WebhookCreate)
    return wacrm.envelope.one(Operation.CREATE_WEBHOOK, wacrm.endpoints.create(caller.account_id, body), 201)


@router.get("/webhooks")
async def list_webhooks(request: Request) -> Response:
    wacrm, caller = admit(request, Operation.LIST_WEBHOOKS)
    window = wacrm.pages.window(request.query_params, "webhooks", caller.account_id)
    rows, cursor = wacrm.pages.cut(wacrm.endpoints.page(caller.account_id, window), window)
    return wacrm.envelope.page(Operation.LIST_WEBHOOKS, [wacrm.endpoints.present(row) for row in rows], cursor)


@router.get("/webhooks/{webhook_id}")
async def read_webhook(request: Request, webhook_id: str) -> Response:
    wacrm, caller = admit(request, Operation.READ_WEBHOOK)
    return wacrm.envelope.one(Operation.READ_WEBHOOK, wacrm.endpoints.read(caller.account_id, webhook_id))


@router.patch("/webhooks/{webhook_id}")
async def update_webhook(request: Request, webhook_id: str) -> Response:
    wacrm, caller = admit(request, Operation.UPDATE_WEBHOOK)
    wacrm.endpoints.require(caller.account_id, webhook_id)
    body = await wacrm.bodies.read(request, WebhookPatch)
    return wacrm.envelope.one(Operation.UPDATE_WEBHOOK, wacrm.endpoints.update(caller.account_id, webhook_id, body))


@router.delete("/webhooks/{webhook_id}")
async def delete_webhook(request: Request, webhook_id: str) -> Response:
    wacrm, caller = admit(request, Operation.DELETE_WEBHOOK)
    return wacrm.envelope.one(Operation.DELETE_WEBHOOK, wacrm.endpoints.delete(caller.account_id, webhook_id))
