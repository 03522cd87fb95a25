"""CONT-10, CONT-11: phone numbers of contacts."""

from functools import partial

from reference.wacrm.assembly import Wacrm
from reference.wacrm.faults.registry import Fault, fault
from reference.wacrm.patching.patches import answer
from reference.wacrm.patching.steps import current_operation, wrap
from reference.wacrm.protocol.bodies import ContactCreate
from reference.wacrm.protocol.envelope import Json
from reference.wacrm.protocol.operations import Operation
from reference.wacrm.storage.database import Row

_SUFFIX = 9


def _by_suffix(wacrm: Wacrm, account: str, phone: str) -> Row | None:
    sql = "SELECT * FROM contacts WHERE account_id = :account AND substr(phone, :from) = :suffix LIMIT 1"
    return wacrm.db.row(sql, {"account": account, "from": -_SUFFIX, "suffix": phone[-_SUFFIX:]})


def _without_plus(contact: Json) -> None:
    contact["phone"] = contact["phone"].lstrip("+")


ROWS = (
    Fault("CONT-11", "patched-contact-has-no-plus", answer(Operation.UPDATE_CONTACT, lambda body: _without_plus(body["data"])),
          "the answer to a change is built from the normalised column, which has no plus"),
)  # fmt: skip


@fault("CONT-10", "numbers are compared by their last nine digits, to forgive missing country codes")
def created_contacts_are_matched_by_suffix(wacrm: Wacrm) -> None:
    create = wacrm.contacts.create

    def matched(account: str, body: ContactCreate) -> tuple[Json, bool]:
        row = _by_suffix(wacrm, account, body.phone) if wacrm.phones.valid(body.phone) else None
        if row is not None:
            return wacrm.contacts.read(account, row["id"]), False
        return create(account, body)

    wrap(wacrm.contacts, "create", matched)


@fault("CONT-10", "numbers with the same last nine digits overwrite each other's row on creation")
def created_contact_takes_over_a_number_with_its_suffix(wacrm: Wacrm) -> None:
    create = wacrm.contacts.create

    def taken(account: str, body: ContactCreate) -> tuple[Json, bool]:
        row = _by_suffix(wacrm, account, body.phone) if wacrm.phones.valid(body.phone) else None
        if row is not None and row["phone"] != body.phone:
            sql = "UPDATE OR IGNORE contacts SET phone = :phone WHERE id = :id"
            wacrm.db.run(sql, {"phone": body.phone, "id": row["id"]})
        return create(account, body)

    wrap(wacrm.contacts, "create", taken)


@fault("CONT-10", "a customer who writes is looked up by the last nine digits")
def inbound_senders_are_matched_by_suffix(wacrm: Wacrm) -> None:
    find_or_add = wacrm.contacts.find_or_add

    def matched(
        account: str, phone: str, name: str | None, email: str | None = None, company: str | None = None
    ) -> tuple[Row, bool]:
        row = _by_suffix(wacrm, account, phone) if running() is None else None
        return (row, False) if row is not None else find_or_add(account, phone, name, email, company)

    running = current_operation(wacrm)
    wrap(wacrm.contacts, "find_or_add", matched)


@fault(
    "CONT-11",
    "the list is built from the normalised column, which has no plus",
    partial(answer, Operation.LIST_CONTACTS),
)
def listed_contacts_have_no_plus(body: Json) -> None:
    for contact in body["data"]:
        _without_plus(contact)


@fault(
    "CONT-11", "the number is formatted for people on the contact's own page", partial(answer, Operation.READ_CONTACT)
)
def read_contact_is_formatted(body: Json) -> None:
    body["data"]["phone"] = f"{body['data']['phone'][:-4]} {body['data']['phone'][-4:]}"
