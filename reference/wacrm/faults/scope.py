"""SCOPE-01, SCOPE-02, SCOPE-03, SCOPE-04: what a key may do."""

from reference.wacrm.assembly import Wacrm
from reference.wacrm.domain.keys import Caller
from reference.wacrm.faults.registry import Fault, fault
from reference.wacrm.patching.patches import patch, refuse_late, refuse_late_awaited
from reference.wacrm.patching.steps import wrap
from reference.wacrm.protocol.envelope import ApiError, Code
from reference.wacrm.protocol.operations import Operation, Scope


@patch
def _accept_also(wacrm: Wacrm, operation: Operation, scope: Scope) -> None:
    check = wacrm.admission.check_scope

    def checked(caller: Caller, asked: Operation) -> None:
        if asked is not operation or scope not in caller.scopes:
            check(caller, asked)

    wrap(wacrm.admission, "check_scope", checked)


@patch
def _ask_also(wacrm: Wacrm, operation: Operation, scope: Scope) -> None:
    check = wacrm.admission.check_scope

    def checked(caller: Caller, asked: Operation) -> None:
        check(caller, asked)
        if asked is operation and scope not in caller.scopes:
            raise ApiError(Code.FORBIDDEN, f"This API key lacks the scope {scope}.")

    wrap(wacrm.admission, "check_scope", checked)


@patch
def _say(wacrm: Wacrm, operation: Operation, message: str) -> None:
    check = wacrm.admission.check_scope

    def checked(caller: Caller, asked: Operation) -> None:
        try:
            check(caller, asked)
        except ApiError:
            if asked is operation:
                raise ApiError(Code.FORBIDDEN, message) from None
            raise

    wrap(wacrm.admission, "check_scope", checked)


ROWS = (
    Fault("SCOPE-01", "update-contact-accepts-the-read-scope", _accept_also(Operation.UPDATE_CONTACT, Scope.CONTACTS_READ),
          "PATCH shares GET's guard, and reading is enough for writing"),
    Fault("SCOPE-01", "list-messages-accepts-conversations-read", _accept_also(Operation.LIST_MESSAGES, Scope.CONVERSATIONS_READ),
          "messages are guarded by the scope of the conversations they belong to"),
    Fault("SCOPE-02", "list-messages-also-needs-conversations-read", _ask_also(Operation.LIST_MESSAGES, Scope.CONVERSATIONS_READ),
          "listing messages loads the conversation first, with that route's guard"),
    Fault("SCOPE-02", "read-conversation-also-needs-contacts-read", _ask_also(Operation.READ_CONVERSATION, Scope.CONTACTS_READ),
          "the embedded contact asks for the contact's own scope"),
    Fault("SCOPE-02", "send-message-also-needs-contacts-write", _ask_also(Operation.SEND_MESSAGE, Scope.CONTACTS_WRITE),
          "a send may create a contact, and so it asks for the right to"),
    Fault("SCOPE-03", "forbidden-contact-is-written", refuse_late("check_scope", Operation.CREATE_CONTACT, "contacts.create"),
          "the contact is written before the scope is checked"),
    Fault("SCOPE-03", "forbidden-message-is-sent", refuse_late_awaited("check_scope", Operation.SEND_MESSAGE, "messages.send"),
          "the message is handed to Meta before the scope is checked"),
    Fault("SCOPE-03", "forbidden-delete-happens", refuse_late("check_scope", Operation.DELETE_WEBHOOK, "endpoints.delete"),
          "the endpoint is gone before the scope is checked"),
    Fault("SCOPE-03", "forbidden-broadcast-is-started",
          refuse_late("check_scope", Operation.CREATE_BROADCAST, "broadcasts.create"),
          "the fan-out is queued before the scope is checked"),
    Fault("SCOPE-03", "forbidden-contact-patch-happens", refuse_late("check_scope", Operation.UPDATE_CONTACT, "contacts.update"),
          "the contact is changed before the scope is checked"),
    Fault("SCOPE-03", "forbidden-endpoint-is-registered",
          refuse_late("check_scope", Operation.CREATE_WEBHOOK, "endpoints.create"),
          "the endpoint is registered before the scope is checked"),
    Fault("SCOPE-04", "forbidden-broadcast-read-names-no-scope", _say(Operation.READ_BROADCAST, "Insufficient permissions."),
          "one route has a refusal of its own that names nothing"),
    Fault("SCOPE-04", "forbidden-message-list-names-the-wrong-scope",
          _say(Operation.LIST_MESSAGES, f"This API key lacks the scope {Scope.CONVERSATIONS_READ}."),
          "the refusal was copied from the route next to it"),
    Fault("SCOPE-04", "forbidden-webhook-patch-names-the-resource",
          _say(Operation.UPDATE_WEBHOOK, "This API key may not manage webhook endpoints."),
          "the refusal names the resource, not the scope"),
)  # fmt: skip


@fault("SCOPE-01", "the route of a late addition has no scope check")
def delete_webhook_needs_no_scope(wacrm: Wacrm) -> None:
    wacrm.admission.scopes[Operation.DELETE_WEBHOOK] = None


@fault("SCOPE-01", "polling a broadcast was thought harmless and got no scope check")
def read_broadcast_needs_no_scope(wacrm: Wacrm) -> None:
    wacrm.admission.scopes[Operation.READ_BROADCAST] = None


@fault("SCOPE-01", "an empty list of scopes means that nothing was restricted")
def list_webhooks_is_open_to_keys_without_scopes(wacrm: Wacrm) -> None:
    check = wacrm.admission.check_scope

    def checked(caller: Caller, asked: Operation) -> None:
        if asked is not Operation.LIST_WEBHOOKS or caller.scopes:
            check(caller, asked)

    wrap(wacrm.admission, "check_scope", checked)
