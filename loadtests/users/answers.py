"""The API's answers as types: decoding one validates it, at the speed of parsing.

A test holds these types to `openapi.yaml`. Members beyond the documented ones are let pass.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import msgspec

T = TypeVar("T")


class Data(msgspec.Struct, Generic[T], gc=False):
    data: T


class Meta(msgspec.Struct, gc=False):
    next_cursor: str | None


class Page(msgspec.Struct, Generic[T], gc=False):
    data: list[T]
    meta: Meta


class Problem(msgspec.Struct, gc=False):
    code: str
    message: str


class Failure(msgspec.Struct, gc=False):
    error: Problem


class Tag(msgspec.Struct, gc=False):
    id: str
    name: str
    color: str


class Contact(msgspec.Struct, gc=False):
    id: str
    phone: str
    name: str | None
    email: str | None
    company: str | None
    avatar_url: str | None
    tags: list[Tag]
    created_at: str
    updated_at: str


class Person(msgspec.Struct, gc=False):
    """A contact as a conversation embeds it."""

    id: str
    phone: str
    name: str | None
    email: str | None
    company: str | None
    tags: list[Tag]


class Conversation(msgspec.Struct, gc=False):
    id: str
    contact_id: str
    status: str
    assigned_agent_id: str | None
    last_message_text: str | None
    last_message_at: str | None
    unread_count: int
    created_at: str
    updated_at: str
    contact: Person


class Message(msgspec.Struct, gc=False):
    id: str
    conversation_id: str
    direction: str
    sender_type: str
    content_type: str
    content_text: str | None
    media_url: str | None
    template_name: str | None
    whatsapp_message_id: str | None
    status: str
    reply_to_message_id: str | None
    interactive_reply_id: str | None
    created_at: str


class SentMessage(msgspec.Struct, gc=False):
    message_id: str
    whatsapp_message_id: str
    conversation_id: str
    contact_id: str
    contact_created: bool


class BroadcastReceipt(msgspec.Struct, gc=False):
    broadcast_id: str
    status: str
    total_recipients: int
    accepted: int
    rejected: int


class Broadcast(msgspec.Struct, gc=False):
    id: str
    name: str
    template_name: str
    template_language: str
    status: str
    total_recipients: int
    sent_count: int
    delivered_count: int
    read_count: int
    replied_count: int
    failed_count: int
    created_at: str
    updated_at: str


@dataclass(frozen=True)
class Operation(Generic[T]):
    """An operation that users of the scenarios call. `path` holds `{id}` where one belongs."""

    id: str
    method: str
    path: str
    success: frozenset[int]
    decoder: msgspec.json.Decoder[T]


def _operation(id_: str, method: str, path: str, answer: type[T], *success: int) -> Operation[T]:
    return Operation(id_, method, path, frozenset(success), msgspec.json.Decoder(answer))


SEND_MESSAGE = _operation("sendMessage", "POST", "/messages", Data[SentMessage], 201)
LIST_CONTACTS = _operation("listContacts", "GET", "/contacts", Page[Contact], 200)
CREATE_CONTACT = _operation("createContact", "POST", "/contacts", Data[Contact], 200, 201)
GET_CONTACT = _operation("getContact", "GET", "/contacts/{id}", Data[Contact], 200)
UPDATE_CONTACT = _operation("updateContact", "PATCH", "/contacts/{id}", Data[Contact], 200)
LIST_CONVERSATIONS = _operation("listConversations", "GET", "/conversations", Page[Conversation], 200)
GET_CONVERSATION = _operation("getConversation", "GET", "/conversations/{id}", Data[Conversation], 200)
LIST_MESSAGES = _operation("listConversationMessages", "GET", "/conversations/{id}/messages", Page[Message], 200)
CREATE_BROADCAST = _operation("createBroadcast", "POST", "/broadcasts", Data[BroadcastReceipt], 202)
GET_BROADCAST = _operation("getBroadcast", "GET", "/broadcasts/{id}", Data[Broadcast], 200)
GET_ME = _operation("getMe", "GET", "/me", Data[dict[str, Any]], 200)

FAILURE = msgspec.json.Decoder(Failure)
"""For every answer that is no success."""
