"""TENANT-01, TENANT-02: another account's rows, asked for by id."""

from collections.abc import Callable
from typing import Protocol

from reference.wacrm.assembly import Wacrm
from reference.wacrm.faults.registry import Fault, fault
from reference.wacrm.patching.patches import patch, sql, together
from reference.wacrm.patching.steps import current_operation, rewrite, wrap
from reference.wacrm.protocol.bodies import ContactPatch, WebhookPatch
from reference.wacrm.protocol.envelope import ApiError, Code, Json, not_found
from reference.wacrm.protocol.operations import Operation
from reference.wacrm.storage.clock import Ids
from reference.wacrm.storage.database import Row

_OWNERS = {
    "contacts": "SELECT account_id FROM contacts WHERE id = :id",
    "conversations": "SELECT account_id FROM conversations WHERE id = :id",
    "broadcasts": "SELECT account_id FROM broadcasts WHERE id = :id",
    "webhook_endpoints": "SELECT account_id FROM webhook_endpoints WHERE id = :id",
}


class Finds(Protocol):
    """What the services that find a row by its id share."""

    @property
    def find(self) -> Callable[[str, str], Row | None]: ...


def _owner(wacrm: Wacrm, table: str, identity: str) -> str | None:
    row = wacrm.db.row(_OWNERS[table], {"id": Ids.parse(identity)})
    return row["account_id"] if row else None


@patch
def _readable(wacrm: Wacrm, operation: Operation, name: str, table: str) -> None:
    """One operation looks its row up by id alone, with the service `name`."""
    service: Finds = getattr(wacrm, name)
    running, find = current_operation(wacrm), service.find

    def found(account: str, identity: str) -> Row | None:
        owner = _owner(wacrm, table, identity) if running() is operation else None
        return find(owner or account, identity)

    wrap(service, "find", found)


ROWS = (
    Fault("TENANT-01", "foreign-broadcast-can-be-read", _readable(Operation.READ_BROADCAST, "broadcasts", "broadcasts"),
          "the broadcast is found by its id alone: ids are thought to be secret"),
    Fault("TENANT-01", "foreign-webhook-can-be-read", _readable(Operation.READ_WEBHOOK, "endpoints", "webhook_endpoints"),
          "the webhook read has no account in its query"),
    Fault("TENANT-01", "foreign-messages-can-be-listed",
          together(_readable(Operation.LIST_MESSAGES, "conversations", "conversations"),
                   sql("messages.page", "account_id = :account AND", ":account IS NOT NULL AND")),
          "messages are listed without verifying whose the conversation is"),
)  # fmt: skip


@fault("TENANT-01", "another account's conversation is forbidden, where it should not exist")
def foreign_conversation_is_403(wacrm: Wacrm) -> None:
    running, require = current_operation(wacrm), wacrm.conversations.require

    def required(account: str, text: str) -> Row:
        owner = _owner(wacrm, "conversations", text)
        if running() is Operation.READ_CONVERSATION and owner not in {None, account}:
            raise ApiError(Code.FORBIDDEN, "This conversation belongs to another account.")
        return require(account, text)

    wrap(wacrm.conversations, "require", required)


@fault("TENANT-01", "the contact page of a support role was opened to everybody")
def foreign_contact_can_be_read(wacrm: Wacrm) -> None:
    running, require = current_operation(wacrm), wacrm.contacts.require

    def required(account: str, text: str) -> Row:
        owner = _owner(wacrm, "contacts", text) if running() is Operation.READ_CONTACT else None
        return require(owner or account, text)

    wrap(wacrm.contacts, "require", required)


@fault("TENANT-02", "the contact to change is found by its id alone")
def foreign_contact_can_be_changed(wacrm: Wacrm) -> None:
    running, require, update = current_operation(wacrm), wacrm.contacts.require, wacrm.contacts.update

    def required(account: str, text: str) -> Row:
        owner = _owner(wacrm, "contacts", text) if running() is Operation.UPDATE_CONTACT else None
        return require(owner or account, text)

    def updated(account: str, text: str, body: ContactPatch) -> Json:
        return update(_owner(wacrm, "contacts", text) or account, text, body)

    wrap(wacrm.contacts, "require", required)
    wrap(wacrm.contacts, "update", updated)


@fault("TENANT-02", "the update runs first, by id alone, and only then the row is looked for")
def foreign_webhook_is_changed_behind_a_404(wacrm: Wacrm) -> None:
    running, require = current_operation(wacrm), wacrm.endpoints.require
    update = wacrm.endpoints.update

    def required(account: str, text: str) -> Row:
        owner = _owner(wacrm, "webhook_endpoints", text) if running() is Operation.UPDATE_WEBHOOK else None
        return require(owner or account, text)

    def updated(account: str, text: str, body: WebhookPatch) -> Json:
        owner = _owner(wacrm, "webhook_endpoints", text) or account
        changed = update(owner, text, body)
        if owner != account:
            raise not_found()
        return changed

    wrap(wacrm.endpoints, "require", required)
    wrap(wacrm.endpoints, "update", updated)


@fault("TENANT-02", "the DELETE statement has no account in it")
def foreign_webhook_can_be_deleted(wacrm: Wacrm) -> None:
    running, require = current_operation(wacrm), wacrm.endpoints.require

    def required(account: str, text: str) -> Row:
        owner = _owner(wacrm, "webhook_endpoints", text) if running() is Operation.DELETE_WEBHOOK else None
        return require(owner or account, text)

    wrap(wacrm.endpoints, "require", required)
    rewrite(wacrm.endpoints.sql, "delete", "account_id = :account AND id", "id")
