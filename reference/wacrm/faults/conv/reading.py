"""CONV-01, CONV-02, CONV-03: reading and filtering conversations and their messages."""

from dataclasses import replace
from functools import partial

from reference.wacrm.assembly import Wacrm
from reference.wacrm.faults.conv.patches import store
from reference.wacrm.faults.registry import Fault, fault
from reference.wacrm.patching.patches import answer, sql
from reference.wacrm.patching.steps import wrap
from reference.wacrm.protocol.envelope import ApiError, Json
from reference.wacrm.protocol.operations import Operation
from reference.wacrm.storage.database import Row
from reference.wacrm.storage.keyset_pages import Window

ROWS = (
    Fault("CONV-02", "status-filter-is-ignored", sql("conversations.page", "AND (:status IS NULL OR v.status = :status) ", ""),
          "the status is validated, and not used"),
    Fault("CONV-03", "message-list-holds-the-whole-accounts-messages",
          sql("messages.page", "AND conversation_id = :conversation", "AND :conversation IS NOT NULL"),
          "the list is the account's, and not the conversation's"),
    Fault("CONV-03", "inbound-reply-names-no-message", store("inbound", lambda draft: replace(draft, reply_to=None)),
          "what a customer quotes is not looked up"),
    Fault("CONV-03", "message-list-leaves-templates-out",
          sql("messages.page", "ORDER BY", "AND content_type <> 'template' ORDER BY"),
          "messages of type template are left to another table"),
    Fault("CONV-03", "message-list-leaves-failed-messages-out",
          sql("messages.page", "ORDER BY", "AND status <> 'failed' ORDER BY"),
          "what was not delivered is left out"),
)  # fmt: skip


@fault("CONV-01", "the list embeds contacts without the second join", partial(answer, Operation.LIST_CONVERSATIONS))
def conversation_list_embeds_no_tags(body: Json) -> None:
    for conversation in body["data"]:
        conversation["contact"]["tags"] = []


@fault("CONV-01", "members that are null are left out of the single read", partial(answer, Operation.READ_CONVERSATION))
def read_conversation_leaves_nulls_out(body: Json) -> None:
    body["data"] = {name: value for name, value in body["data"].items() if value is not None}


@fault("CONV-01", "the embedded contact is given by its id", partial(answer, Operation.READ_CONVERSATION))
def read_conversation_names_the_conversation_as_contact(body: Json) -> None:
    body["data"]["contact"]["id"] = body["data"]["id"]


@fault(
    "CONV-01",
    "the tags of a page are read for its first contact, and shown for all",
    partial(answer, Operation.LIST_CONVERSATIONS),
)
def conversation_list_embeds_the_first_contacts_tags(body: Json) -> None:
    for conversation in body["data"]:
        conversation["contact"]["tags"] = body["data"][0]["contact"]["tags"]


@fault("CONV-02", "an unknown status is dropped, and everything is shown")
def unknown_status_shows_everything(wacrm: Wacrm) -> None:
    status_filter = wacrm.conversations.status_filter

    def lenient(text: str | None) -> str | None:
        try:
            return status_filter(text)
        except ApiError:
            return None

    wrap(wacrm.conversations, "status_filter", lenient)


@fault("CONV-02", "the contact is ignored when a status is given as well")
def contact_filter_gives_way_to_status(wacrm: Wacrm) -> None:
    page = wacrm.conversations.page

    def either(account: str, window: Window, status: str | None, contact: str | None) -> list[Row]:
        return page(account, window, status, None if status else contact)

    wrap(wacrm.conversations, "page", either)
