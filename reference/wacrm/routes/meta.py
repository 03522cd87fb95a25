"""Meta's webhook: the handshake and the deliveries."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from reference.wacrm.routes.wiring import wacrm_of

router = APIRouter()


@router.get("/api/whatsapp/webhook")
async def verify(request: Request) -> Response:
    status, text = wacrm_of(request).meta_webhook.handshake(request.query_params)
    return PlainTextResponse(text, status)


@router.post("/api/whatsapp/webhook")
async def receive(request: Request) -> Response:
    """Acknowledged at once: the work is done after the answer (META-03)."""
    webhook = wacrm_of(request).meta_webhook
    raw = await request.body()
    if not webhook.signed(raw, request.headers.get("x-hub-signature-256")):
        return JSONResponse({"error": "invalid signature"}, 401)
    try:
        payload = webhook.parse(raw)
    except ValueError:
        return JSONResponse({"error": "invalid JSON"}, 400)
    await webhook.accept(payload, f"{request.base_url}api/whatsapp/media/")
    return JSONResponse({"status": "received"})
