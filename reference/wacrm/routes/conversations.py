"""`/conversations`: list, read, and the messages of one."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from reference.wacrm.protocol.operations import Operation
from reference.wacrm.routes.wiring import admit, id_filter

router = APIRouter()


@router.get("/conversations")
async def list_conversations(request: Request) -> Response:
    wacrm, caller = admit(request, Operation.LIST_CONVERSATIONS)
    window = wacrm.pages.window(request.query_params, "conversations", caller.account_id)
    status = wacrm.conversations.status_filter(request.query_params.get("status"))
    found = wacrm.conversations.page(caller.account_id, window, status, id_filter(request, "contact_id"))
    rows, cursor = wacrm.pages.cut(found, window)
    return wacrm.envelope.page(Operation.LIST_CONVERSATIONS, wacrm.conversations.present_all(rows), cursor)


@router.get("/conversations/{conversation_id}")
async def read_conversation(request: Request, conversation_id: str) -> Response:
    wacrm, caller = admit(request, Operation.READ_CONVERSATION)
    row = wacrm.conversations.require(caller.account_id, conversation_id)
    return wacrm.envelope.one(Operation.READ_CONVERSATION, wacrm.conversations.present_all([row])[0])


@router.get("/conversations/{conversation_id}/messages")
async def list_messages(request: Request, conversation_id: str) -> Response:
    wacrm, caller = admit(request, Operation.LIST_MESSAGES)
    conversation = wacrm.conversations.require(caller.account_id, conversation_id)
    window = wacrm.pages.window(request.query_params, "messages", caller.account_id, conversation["id"])
    found = wacrm.messages.page(caller.account_id, window, conversation["id"])
    rows, cursor = wacrm.pages.cut(found, window)
    return wacrm.envelope.page(Operation.LIST_MESSAGES, [wacrm.messages.present(row) for row in rows], cursor)
