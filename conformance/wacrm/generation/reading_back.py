"""After a write, the read that shows whether it was kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.generation.traffic import Request, answer_json
from conformance.wacrm.specification import OPENAPI

if TYPE_CHECKING:
    from conformance.generation.traffic import Answer

# What reads what an operation wrote, and the member of its answer that names it; None: the id in its own path.
READS = {
    "createContact": ("getContact", "id"),
    "updateContact": ("getContact", None),
    "sendMessage": ("getConversation", "conversation_id"),
    "createBroadcast": ("getBroadcast", "broadcast_id"),
    "createWebhook": ("getWebhook", "id"),
    "updateWebhook": ("getWebhook", None),
    "deleteWebhook": ("getWebhook", None),
}


def reading_back(request: Request, answer: Answer) -> Request | None:
    """The request that reads what was written; None after anything but a successful write."""
    if request.operation.id not in READS or not 200 <= (answer.status or 0) < 300:
        return None
    reader, member = READS[request.operation.id]
    id_ = request.id if member is None else _member(answer, member)
    return Request(OPENAPI.operation(reader), id_, (), None) if isinstance(id_, str) else None


def _member(answer: Answer, name: str) -> object:
    body = answer_json(answer)
    data = body.get("data") if isinstance(body, dict) else None
    return data.get(name) if isinstance(data, dict) else None
