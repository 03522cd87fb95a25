"""SCOPE: what a key may do."""

from reference.wacrm.assembly import Wacrm
from reference.wacrm.domain.keys import Caller
from reference.wacrm.faults.registry import fault
from reference.wacrm.faults.steps import patch, refuse_late, refuse_late_awaited
from reference.wacrm.protocol.envelope import ApiError, Code
from reference.wacrm.protocol.operations import Operation, Scope


@fault("SCOPE-01", "the route of a late addition has no scope check")
def delete_webhook_needs_no_scope(wacrm: Wacrm) -> None:
    wacrm.gate.scopes[Operation.DELETE_WEBHOOK] = None


@fault("SCOPE-01", "polling a broadcast was thought harmless and got no scope check")
def read_broadcast_needs_no_scope(wacrm: Wacrm) -> None:
    wacrm.gate.scopes[Operation.READ_BROADCAST] = None


@fault("SCOPE-01", "PATCH shares GET's guard, and reading is enough for writing")
def update_contact_accepts_the_read_scope(wacrm: Wacrm) -> None:
    _accept_also(wacrm, Operation.UPDATE_CONTACT, Scope.CONTACTS_READ)


@fault("SCOPE-01", "messages are guarded by the scope of the conversations they belong to")
def list_messages_accepts_conversations_read(wacrm: Wacrm) -> None:
    _accept_also(wacrm, Operation.LIST_MESSAGES, Scope.CONVERSATIONS_READ)


@fault("SCOPE-01", "an empty list of scopes means that nothing was restricted")
def list_webhooks_is_open_to_keys_without_scopes(wacrm: Wacrm) -> None:
    check = wacrm.gate.check_scope

    def judged(caller: Caller, asked: Operation) -> None:
        if asked is not Operation.LIST_WEBHOOKS or caller.scopes:
            check(caller, asked)

    patch(wacrm.gate, "check_scope", judged)


def _accept_also(wacrm: Wacrm, operation: Operation, scope: Scope) -> None:
    check = wacrm.gate.check_scope

    def judged(caller: Caller, asked: Operation) -> None:
        if asked is not operation or scope not in caller.scopes:
            check(caller, asked)

    patch(wacrm.gate, "check_scope", judged)


def _ask_also(wacrm: Wacrm, operation: Operation, scope: Scope) -> None:
    check = wacrm.gate.check_scope

    def judged(caller: Caller, asked: Operation) -> None:
        check(caller, asked)
        if asked is operation and scope not in caller.scopes:
            raise ApiError(Code.FORBIDDEN, f"This API key lacks the scope {scope}.")

    patch(wacrm.gate, "check_scope", judged)


@fault("SCOPE-02", "listing messages loads the conversation first, with that route's guard")
def list_messages_also_needs_conversations_read(wacrm: Wacrm) -> None:
    _ask_also(wacrm, Operation.LIST_MESSAGES, Scope.CONVERSATIONS_READ)


@fault("SCOPE-02", "the embedded contact asks for the contact's own scope")
def read_conversation_also_needs_contacts_read(wacrm: Wacrm) -> None:
    _ask_also(wacrm, Operation.READ_CONVERSATION, Scope.CONTACTS_READ)


@fault("SCOPE-02", "a send may create a contact, and so it asks for the right to")
def send_message_also_needs_contacts_write(wacrm: Wacrm) -> None:
    _ask_also(wacrm, Operation.SEND_MESSAGE, Scope.CONTACTS_WRITE)


@fault("SCOPE-03", "the contact is written before the scope is judged")
def forbidden_contact_is_written(wacrm: Wacrm) -> None:
    refuse_late(wacrm, "check_scope", Operation.CREATE_CONTACT, wacrm.contacts, "create")


@fault("SCOPE-03", "the message is handed to Meta before the scope is judged")
def forbidden_message_is_sent(wacrm: Wacrm) -> None:
    refuse_late_awaited(wacrm, "check_scope", Operation.SEND_MESSAGE, wacrm.messages, "send")


@fault("SCOPE-03", "the endpoint is gone before the scope is judged")
def forbidden_delete_happens(wacrm: Wacrm) -> None:
    refuse_late(wacrm, "check_scope", Operation.DELETE_WEBHOOK, wacrm.endpoints, "delete")


@fault("SCOPE-03", "the fan-out is queued before the scope is judged")
def forbidden_broadcast_is_started(wacrm: Wacrm) -> None:
    refuse_late(wacrm, "check_scope", Operation.CREATE_BROADCAST, wacrm.broadcasts, "create")


@fault("SCOPE-03", "the contact is changed before the scope is judged")
def forbidden_contact_patch_happens(wacrm: Wacrm) -> None:
    refuse_late(wacrm, "check_scope", Operation.UPDATE_CONTACT, wacrm.contacts, "update")


@fault("SCOPE-03", "the endpoint is registered before the scope is judged")
def forbidden_endpoint_is_registered(wacrm: Wacrm) -> None:
    refuse_late(wacrm, "check_scope", Operation.CREATE_WEBHOOK, wacrm.endpoints, "create")


def _say(wacrm: Wacrm, operation: Operation, message: str) -> None:
    check = wacrm.gate.check_scope

    def judged(caller: Caller, asked: Operation) -> None:
        try:
            check(caller, asked)
        except ApiError:
            if asked is operation:
                raise ApiError(Code.FORBIDDEN, message) from None
            raise

    patch(wacrm.gate, "check_scope", judged)


@fault("SCOPE-04", "one route has a refusal of its own that names nothing")
def forbidden_broadcast_read_names_no_scope(wacrm: Wacrm) -> None:
    _say(wacrm, Operation.READ_BROADCAST, "Insufficient permissions.")


@fault("SCOPE-04", "the refusal was copied from the route next to it")
def forbidden_message_list_names_the_wrong_scope(wacrm: Wacrm) -> None:
    _say(wacrm, Operation.LIST_MESSAGES, f"This API key lacks the scope {Scope.CONVERSATIONS_READ}.")


@fault("SCOPE-04", "the refusal names the resource, not the scope")
def forbidden_webhook_patch_names_the_resource(wacrm: Wacrm) -> None:
    _say(wacrm, Operation.UPDATE_WEBHOOK, "This API key may not manage webhook endpoints.")
