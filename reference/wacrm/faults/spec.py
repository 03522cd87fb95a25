"""SPEC-01, SPEC-02, SPEC-03, SPEC-04: corners of the specification."""

from functools import partial
from typing import Any

from reference.wacrm.assembly import Wacrm
from reference.wacrm.faults.registry import Fault, fault
from reference.wacrm.patching.patches import answer, request_body, status
from reference.wacrm.patching.steps import current_operation, wrap
from reference.wacrm.protocol.bodies import ContactCreate, Event, WebhookPatch
from reference.wacrm.protocol.envelope import Json, not_found
from reference.wacrm.protocol.operations import Operation
from reference.wacrm.storage.clock import Ids
from reference.wacrm.storage.database import Row

ROWS = (
    Fault("SPEC-04", "limited-broadcast-is-unavailable", status(Operation.CREATE_BROADCAST, 429, 503),
          "creating broadcasts is limited by the gateway, in its own status"),
)  # fmt: skip


@fault("SPEC-01", "the cursor of an empty result is an empty string", partial(answer, Operation.LIST_CONTACTS))
def empty_search_has_an_empty_cursor(body: Json) -> None:
    if not body["data"]:
        body["meta"]["next_cursor"] = 0


@fault("SPEC-01", "a company with a letter outside ASCII is sent as an object of translations")
def foreign_company_is_an_object(wacrm: Wacrm) -> None:
    def translated(body: Json) -> None:
        company = body["data"]["company"]
        if company is not None and not company.isascii():
            body["data"]["company"] = {"default": company}

    answer(Operation.UPDATE_CONTACT, translated)(wacrm)
    answer(Operation.CREATE_CONTACT, translated, status=201)(wacrm)


@fault("SPEC-01", "a contact with an empty name lacks the members after it")
def empty_name_ends_the_contact(wacrm: Wacrm) -> None:
    def ended(body: Json) -> None:
        if body["data"]["name"] == "":
            for member in ("email", "company", "avatar_url"):
                del body["data"][member]

    answer(Operation.READ_CONTACT, ended)(wacrm)
    answer(Operation.CREATE_CONTACT, ended, status=201)(wacrm)


@fault("SPEC-02", "is_active is converted to a boolean: any value is accepted", partial(request_body, WebhookPatch))
def any_is_active_is_accepted(body: dict[str, Any]) -> dict[str, Any]:
    return body | {"is_active": bool(body["is_active"])} if "is_active" in body else body


@fault("SPEC-02", "a single tag is accepted without a list around it", partial(request_body, ContactCreate))
def single_tag_is_accepted_without_a_list(body: dict[str, Any]) -> dict[str, Any]:
    tags = body.get("tags")
    return body | {"tags": [tags]} if isinstance(tags, str) and tags else body


@fault("SPEC-02", "a number is converted to text instead of refused", partial(request_body, ContactCreate))
def numeric_email_is_accepted(body: dict[str, Any]) -> dict[str, Any]:
    is_number = isinstance(body.get("email"), (int, float))
    return body | {"email": str(body["email"])} if is_number else body


@fault("SPEC-03", "an endpoint that was switched off by hand is a draft, which the single read does not find")
def inactive_webhook_cannot_be_read(wacrm: Wacrm) -> None:
    running, require = current_operation(wacrm), wacrm.endpoints.require

    def active_only(account: str, text: str) -> Row:
        row = require(account, text)
        is_draft = not row["is_active"] and row["failure_count"] == 0
        if running() is Operation.READ_WEBHOOK and is_draft:
            raise not_found()
        return row

    wrap(wacrm.endpoints, "require", active_only)


@fault("SPEC-03", "contacts without a name are prospects, which the single read does not find")
def nameless_contact_cannot_be_read(wacrm: Wacrm) -> None:
    running, require = current_operation(wacrm), wacrm.contacts.require

    def named_only(account: str, text: str) -> Row:
        row = require(account, text)
        if running() is Operation.READ_CONTACT and row["name"] is None:
            raise not_found()
        return row

    wrap(wacrm.contacts, "require", named_only)


@fault("SPEC-03", "an endpoint that is deleted while inactive can still be read from a cache")
def deleted_inactive_webhook_can_be_read(wacrm: Wacrm) -> None:
    running, find, delete = current_operation(wacrm), wacrm.endpoints.find, wacrm.endpoints.delete
    cached: dict[tuple[str, str], Row] = {}

    def remembered(account: str, text: str) -> Json:
        row = wacrm.endpoints.require(account, text)
        if not row["is_active"]:
            cached[account, Ids.parse(text) or ""] = row
        return delete(account, text)

    def found(account: str, identity: str) -> Row | None:
        is_read = running() is Operation.READ_WEBHOOK
        return find(account, identity) or (cached.get((account, identity)) if is_read else None)

    wrap(wacrm.endpoints, "delete", remembered)
    wrap(wacrm.endpoints, "find", found)


@fault(
    "SPEC-04",
    "the limiter in front of one route knows the code, and no message",
    partial(answer, Operation.READ_CONTACT, status=429),
)
def limited_contact_read_has_no_message(body: Json) -> None:
    del body["error"]["message"]


@fault(
    "SPEC-04",
    "the time of the last delivery is passed on as the worker keeps it",
    partial(answer, Operation.READ_WEBHOOK),
)
def last_delivery_is_a_number_when_there_is_one(body: Json) -> None:
    if body["data"]["last_delivery_at"] is not None:
        body["data"]["last_delivery_at"] = 1_782_920_640


@fault("SPEC-04", "the event of a failed message is written by another job, without its conversation")
def failed_status_event_has_no_conversation(wacrm: Wacrm) -> None:
    envelope = wacrm.dispatcher.envelope

    def bare(account: str, event: Event, data: Json) -> Json:
        failed = event is Event.STATUS_UPDATED and data["status"] == "failed"
        return envelope(account, event, {**data, "conversation_id": None} if failed else data)

    wrap(wacrm.dispatcher, "envelope", bare)
