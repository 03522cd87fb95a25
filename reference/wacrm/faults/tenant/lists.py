"""TENANT-03, TENANT-04: another account's rows in lists, filters, cursors and bodies."""

from collections.abc import Callable
from typing import Protocol

from starlette.datastructures import QueryParams

from reference.wacrm.assembly import Wacrm
from reference.wacrm.faults.registry import Fault, fault
from reference.wacrm.patching.patches import patch, sql
from reference.wacrm.patching.steps import wrap
from reference.wacrm.protocol.bodies import B, ContactCreate, MessageCreate
from reference.wacrm.protocol.envelope import ApiError, Json
from reference.wacrm.storage.clock import Ids
from reference.wacrm.storage.database import Row
from reference.wacrm.storage.keyset_pages import Window


class Lists(Protocol):
    """What the services that have a list share."""

    @property
    def page(self) -> Callable[..., list[Row]]: ...


@patch
def _cursor_carries_the_account(wacrm: Wacrm, listed: str) -> None:
    """The list reads the account from the cursor, as if only its owner could hold it."""
    service: Lists = getattr(wacrm, listed)
    subjects: dict[str, str] = {}
    seal, window, page = wacrm.pages.seal, wacrm.pages.window, service.page

    def remembered(subject: str) -> str:
        subjects[seal(subject)] = subject
        return seal(subject)

    def opened(query: QueryParams, *subject: str) -> Window:
        try:
            return window(query, *subject)
        except ApiError:
            for known in [name for name in subjects.values() if name.startswith(f"{listed}/")]:
                if subject[0] == listed and _opens(wacrm, query, known):
                    return window(query, *known.split("/"))
            raise

    def listed_for_the_cursor(account: str, asked: Window, *filters: str | None) -> list[Row]:
        _, _, owner = asked.subject.partition("/")
        return page(owner or account, asked, *filters)

    wrap(wacrm.pages, "seal", remembered)
    wrap(wacrm.pages, "window", opened)
    wrap(service, "page", listed_for_the_cursor)


def _opens(wacrm: Wacrm, query: QueryParams, subject: str) -> bool:
    try:
        wacrm.pages.decode(query.get("cursor", ""), subject)
    except ApiError:
        return False
    return True


ROWS = (
    Fault("TENANT-03", "tag-filter-crosses-accounts",
          sql("contacts.page", "account_id = :account", "(account_id = :account OR :tag IS NOT NULL)"),
          "the tag filter is a query of its own, without the account"),
    Fault("TENANT-03", "webhook-list-shows-all-accounts", sql("endpoints.page", "account_id = :account AND", ""),
          "the endpoints' list was written when there was one account"),
    Fault("TENANT-03", "search-by-phone-crosses-accounts",
          sql("contacts.page", "account_id = :account",
              "(account_id = :account OR (:search IS NOT NULL AND instr(phone, :search)))"),
          "AND and OR without parentheses: a search by phone crosses accounts"),
    Fault("TENANT-03", "contact-filter-crosses-accounts",
          sql("conversations.page", "v.account_id = :account", "(v.account_id = :account OR :contact IS NOT NULL)"),
          "a contact id is thought to say enough about the account"),
    Fault("TENANT-03", "second-page-of-conversations-crosses-accounts",
          sql("conversations.page", "v.account_id = :account", "(v.account_id = :account OR :before < '9000')"),
          "the query of the second page and those after it was written without the account"),
    Fault("TENANT-04", "foreign-cursor-lists-foreign-contacts", _cursor_carries_the_account("contacts"),
          "the cursor carries the account, and the contact list believes it"),
    Fault("TENANT-04", "foreign-cursor-lists-foreign-conversations", _cursor_carries_the_account("conversations"),
          "the cursor carries the account, and the conversation list believes it"),
)  # fmt: skip


@fault("TENANT-03", "a parameter that the dashboard uses overrides the key's account")
def account_parameter_is_believed(wacrm: Wacrm) -> None:
    window, page = wacrm.pages.window, wacrm.endpoints.page
    named: list[str | None] = [None]

    def opened(query: QueryParams, *subject: str) -> Window:
        named[:] = [query.get("account_id")]
        return window(query, *subject)

    def listed(account: str, asked: Window) -> list[Row]:
        return page(named[0] or account, asked)

    wrap(wacrm.pages, "window", opened)
    wrap(wacrm.endpoints, "page", listed)


@fault("TENANT-04", "the quoted message is found by its id alone, and its conversation compared by phone")
def foreign_message_can_be_quoted(wacrm: Wacrm) -> None:
    quoted = wacrm.messages.quoted

    def found(account: str, body: MessageCreate) -> Row | None:
        identity = Ids.parse(body.reply_to_message_id or "")
        row = wacrm.db.row("SELECT * FROM messages WHERE id = :id", {"id": identity})
        return row if row is not None and row["account_id"] != account else quoted(account, body)

    wrap(wacrm.messages, "quoted", found)


@fault("TENANT-04", "every member of the body is written into the row, the account included")
def body_names_the_account_of_a_new_contact(wacrm: Wacrm) -> None:
    validate, create = wacrm.bodies.validate, wacrm.contacts.create
    named: list[object] = [None]

    def noted(body: Json, model: type[B]) -> B:
        named[:] = [body.get("account_id")]
        return validate(body, model)

    def created(account: str, body: ContactCreate) -> tuple[Json, bool]:
        return create(named[0] if isinstance(named[0], str) else account, body)

    wrap(wacrm.bodies, "validate", noted)
    wrap(wacrm.contacts, "create", created)
