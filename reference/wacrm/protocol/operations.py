"""The 16 operations of `/api/v1` and the scope that each requires (seeds: API overview)."""

from enum import StrEnum


class Scope(StrEnum):
    MESSAGES_SEND = "messages:send"
    MESSAGES_READ = "messages:read"
    CONTACTS_READ = "contacts:read"
    CONTACTS_WRITE = "contacts:write"
    CONVERSATIONS_READ = "conversations:read"
    BROADCASTS_SEND = "broadcasts:send"
    WEBHOOKS_MANAGE = "webhooks:manage"


class Operation(StrEnum):
    ME = "me"
    SEND_MESSAGE = "send_message"
    LIST_CONTACTS = "list_contacts"
    CREATE_CONTACT = "create_contact"
    READ_CONTACT = "read_contact"
    UPDATE_CONTACT = "update_contact"
    LIST_CONVERSATIONS = "list_conversations"
    READ_CONVERSATION = "read_conversation"
    LIST_MESSAGES = "list_messages"
    CREATE_BROADCAST = "create_broadcast"
    READ_BROADCAST = "read_broadcast"
    CREATE_WEBHOOK = "create_webhook"
    LIST_WEBHOOKS = "list_webhooks"
    READ_WEBHOOK = "read_webhook"
    UPDATE_WEBHOOK = "update_webhook"
    DELETE_WEBHOOK = "delete_webhook"


def required_scopes() -> dict[Operation, Scope | None]:
    """A fresh table for each application, so that one application's table can be changed without the others'."""
    return {
        Operation.ME: None,
        Operation.SEND_MESSAGE: Scope.MESSAGES_SEND,
        Operation.LIST_CONTACTS: Scope.CONTACTS_READ,
        Operation.CREATE_CONTACT: Scope.CONTACTS_WRITE,
        Operation.READ_CONTACT: Scope.CONTACTS_READ,
        Operation.UPDATE_CONTACT: Scope.CONTACTS_WRITE,
        Operation.LIST_CONVERSATIONS: Scope.CONVERSATIONS_READ,
        Operation.READ_CONVERSATION: Scope.CONVERSATIONS_READ,
        Operation.LIST_MESSAGES: Scope.MESSAGES_READ,
        Operation.CREATE_BROADCAST: Scope.BROADCASTS_SEND,
        Operation.READ_BROADCAST: Scope.BROADCASTS_SEND,
        Operation.CREATE_WEBHOOK: Scope.WEBHOOKS_MANAGE,
        Operation.LIST_WEBHOOKS: Scope.WEBHOOKS_MANAGE,
        Operation.READ_WEBHOOK: Scope.WEBHOOKS_MANAGE,
        Operation.UPDATE_WEBHOOK: Scope.WEBHOOKS_MANAGE,
        Operation.DELETE_WEBHOOK: Scope.WEBHOOKS_MANAGE,
    }
