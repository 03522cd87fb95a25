"""TENANT: accounts never see each other."""

from collections.abc import Callable
from typing import Protocol

from starlette.datastructures import QueryParams

from reference.wacrm.assembly import Wacrm
from reference.wacrm.faults.registry import fault
from reference.wacrm.faults.steps import B, current_operation, patch, rewrite
from reference.wacrm.protocol.bodies import ContactCreate, ContactPatch, Event, MessageCreate, WebhookPatch
from reference.wacrm.protocol.envelope import ApiError, Code, Json, not_found
from reference.wacrm.protocol.operations import Operation
from reference.wacrm.storage.clock import Ids
from reference.wacrm.storage.database import Row
from reference.wacrm.storage.keyset_pages import Window

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


class Lists(Protocol):
    """What the services that have a list share."""

    @property
    def page(self) -> Callable[..., list[Row]]: ...


def _owner(wacrm: Wacrm, table: str, identity: str) -> str | None:
    row = wacrm.db.row(_OWNERS[table], {"id": Ids.parse(identity)})
    return row["account_id"] if row else None


def _readable(wacrm: Wacrm, operation: Operation, service: Finds, table: str) -> None:
    """One operation looks its row up by id alone."""
    running, find = current_operation(wacrm), service.find

    def found(account: str, identity: str) -> Row | None:
        owner = _owner(wacrm, table, identity) if running() is operation else None
        return find(owner or account, identity)

    patch(service, "find", found)


@fault("TENANT-01", "the broadcast is found by its id alone: ids are thought to be secret")
def foreign_broadcast_can_be_read(wacrm: Wacrm) -> None:
    _readable(wacrm, Operation.READ_BROADCAST, wacrm.broadcasts, "broadcasts")


@fault("TENANT-01", "the endpoint's page joins nothing and filters nothing")
def foreign_webhook_can_be_read(wacrm: Wacrm) -> None:
    _readable(wacrm, Operation.READ_WEBHOOK, wacrm.endpoints, "webhook_endpoints")


@fault("TENANT-01", "messages are listed without verifying whose the conversation is")
def foreign_messages_can_be_listed(wacrm: Wacrm) -> None:
    _readable(wacrm, Operation.LIST_MESSAGES, wacrm.conversations, "conversations")
    rewrite(wacrm.messages.sql, "page", "account_id = :account AND conversation_id", "conversation_id")


@fault("TENANT-01", "another account's conversation is forbidden, where it should not exist")
def foreign_conversation_is_403(wacrm: Wacrm) -> None:
    running, require = current_operation(wacrm), wacrm.conversations.require

    def required(account: str, text: str) -> Row:
        owner = _owner(wacrm, "conversations", text)
        if running() is Operation.READ_CONVERSATION and owner not in {None, account}:
            raise ApiError(Code.FORBIDDEN, "This conversation belongs to another account.")
        return require(account, text)

    patch(wacrm.conversations, "require", required)


@fault("TENANT-02", "the contact to change is found by its id alone")
def foreign_contact_can_be_changed(wacrm: Wacrm) -> None:
    running, require, update = current_operation(wacrm), wacrm.contacts.require, wacrm.contacts.update

    def required(account: str, text: str) -> Row:
        owner = _owner(wacrm, "contacts", text) if running() is Operation.UPDATE_CONTACT else None
        return require(owner or account, text)

    def updated(account: str, text: str, body: ContactPatch) -> Json:
        return update(_owner(wacrm, "contacts", text) or account, text, body)

    patch(wacrm.contacts, "require", required)
    patch(wacrm.contacts, "update", updated)


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

    patch(wacrm.endpoints, "require", required)
    patch(wacrm.endpoints, "update", updated)


@fault("TENANT-02", "the DELETE statement has no account in it")
def foreign_webhook_can_be_deleted(wacrm: Wacrm) -> None:
    running, require = current_operation(wacrm), wacrm.endpoints.require

    def required(account: str, text: str) -> Row:
        owner = _owner(wacrm, "webhook_endpoints", text) if running() is Operation.DELETE_WEBHOOK else None
        return require(owner or account, text)

    patch(wacrm.endpoints, "require", required)
    rewrite(wacrm.endpoints.sql, "delete", "account_id = :account AND id", "id")


@fault("TENANT-03", "AND and OR without parentheses: a search by phone leaves the account")
def search_by_phone_crosses_accounts(wacrm: Wacrm) -> None:
    crossing = "WHERE (account_id = :account OR (:search IS NOT NULL AND instr(phone, :search)))"
    rewrite(wacrm.contacts.sql, "page", "WHERE account_id = :account", crossing)


@fault("TENANT-03", "the tag filter is a query of its own, without the account")
def tag_filter_crosses_accounts(wacrm: Wacrm) -> None:
    rewrite(
        wacrm.contacts.sql, "page", "WHERE account_id = :account", "WHERE (account_id = :account OR :tag IS NOT NULL)"
    )


@fault("TENANT-03", "a contact id is thought to say enough about the account")
def contact_filter_crosses_accounts(wacrm: Wacrm) -> None:
    crossing = "WHERE (v.account_id = :account OR :contact IS NOT NULL)"
    rewrite(wacrm.conversations.sql, "page", "WHERE v.account_id = :account", crossing)


@fault("TENANT-03", "the endpoints' list was written when there was one account")
def webhook_list_shows_all_accounts(wacrm: Wacrm) -> None:
    rewrite(wacrm.endpoints.sql, "page", "account_id = :account AND", "")


@fault("TENANT-03", "the query of the second page and those after it was written without the account")
def second_page_of_conversations_crosses_accounts(wacrm: Wacrm) -> None:
    crossing = "WHERE (v.account_id = :account OR :before < '9000')"
    rewrite(wacrm.conversations.sql, "page", "WHERE v.account_id = :account", crossing)


@fault("TENANT-03", "a parameter that the dashboard uses overrides the key's account")
def account_parameter_is_believed(wacrm: Wacrm) -> None:
    window, page = wacrm.pages.window, wacrm.endpoints.page
    named: list[str | None] = [None]

    def opened(query: QueryParams, *subject: str) -> Window:
        named[:] = [query.get("account_id")]
        return window(query, *subject)

    def listed(account: str, asked: Window) -> list[Row]:
        return page(named[0] or account, asked)

    patch(wacrm.pages, "window", opened)
    patch(wacrm.endpoints, "page", listed)


@fault("TENANT-04", "the quoted message is found by its id alone, and its conversation compared by phone")
def foreign_message_can_be_quoted(wacrm: Wacrm) -> None:
    quoted = wacrm.messages.quoted

    def found(account: str, body: MessageCreate) -> Row | None:
        identity = Ids.parse(body.reply_to_message_id or "")
        row = wacrm.db.row("SELECT * FROM messages WHERE id = :id", {"id": identity})
        return row if row is not None and row["account_id"] != account else quoted(account, body)

    patch(wacrm.messages, "quoted", found)


def _cursor_carries_the_account(wacrm: Wacrm, listed: str, service: Lists) -> None:
    """The list reads the account from the cursor, as if only its owner could hold it."""
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

    patch(wacrm.pages, "seal", remembered)
    patch(wacrm.pages, "window", opened)
    patch(service, "page", listed_for_the_cursor)


def _opens(wacrm: Wacrm, query: QueryParams, subject: str) -> bool:
    try:
        wacrm.pages.decode(query.get("cursor", ""), subject)
    except ApiError:
        return False
    return True


@fault("TENANT-04", "the cursor carries the account, and the contact list believes it")
def foreign_cursor_lists_foreign_contacts(wacrm: Wacrm) -> None:
    _cursor_carries_the_account(wacrm, "contacts", wacrm.contacts)


@fault("TENANT-04", "the cursor carries the account, and the conversation list believes it")
def foreign_cursor_lists_foreign_conversations(wacrm: Wacrm) -> None:
    _cursor_carries_the_account(wacrm, "conversations", wacrm.conversations)


@fault("TENANT-04", "every member of the body is written into the row, the account included")
def body_names_the_account_of_a_new_contact(wacrm: Wacrm) -> None:
    validate, create = wacrm.bodies.validate, wacrm.contacts.create
    named: list[object] = [None]

    def noted(body: Json, model: type[B]) -> B:
        named[:] = [body.get("account_id")]
        return validate(body, model)

    def created(account: str, body: ContactCreate) -> tuple[Json, bool]:
        return create(named[0] if isinstance(named[0], str) else account, body)

    patch(wacrm.bodies, "validate", noted)
    patch(wacrm.contacts, "create", created)


@fault("TENANT-05", "the UPDATE goes by phone number, which was unique before there were accounts")
def patch_changes_the_namesake_in_other_accounts(wacrm: Wacrm) -> None:
    rewrite(
        wacrm.contacts.sql,
        "change",
        "WHERE account_id = :account AND id = :id",
        "WHERE phone = (SELECT phone FROM contacts WHERE account_id = :account AND id = :id)",
    )


@fault("TENANT-05", "a new contact takes over what another account knows of the number")
def new_contact_inherits_from_another_account(wacrm: Wacrm) -> None:
    find_or_add = wacrm.contacts.find_or_add

    def inherited(
        account: str, phone: str, name: str | None, email: str | None = None, company: str | None = None
    ) -> tuple[Row, bool]:
        known = wacrm.db.row("SELECT name, email FROM contacts WHERE phone = :phone LIMIT 1", {"phone": phone})
        if known is not None:
            name, email = name or known["name"], email or known["email"]
        return find_or_add(account, phone, name, email, company)

    patch(wacrm.contacts, "find_or_add", inherited)


@fault("TENANT-05", "a tag is looked up by its name alone: the table of tags is older than accounts are")
def tags_are_shared_by_accounts(wacrm: Wacrm) -> None:
    rewrite(wacrm.tags.sql, "find", "account_id = :account AND", ":account IS NOT NULL AND")


@fault("TENANT-05", "the names of tags are cached without the account, and the first spelling is everybody's")
def tags_are_spelled_as_another_account_does(wacrm: Wacrm) -> None:
    find_or_add, spellings = wacrm.tags.find_or_add, dict[str, str]()

    def spelled(account: str, name: str) -> str:
        return find_or_add(account, spellings.setdefault(wacrm.tags.fold(name), name))

    patch(wacrm.tags, "find_or_add", spelled)


@fault("TENANT-05", "a reply is counted by the customer's number alone")
def reply_counts_for_every_accounts_broadcast(wacrm: Wacrm) -> None:
    by_phone = "WHERE phone = (SELECT phone FROM broadcast_recipients WHERE id = :id)"
    rewrite(wacrm.broadcasts.sql, "replied", "WHERE id = :id", by_phone)


@fault("TENANT-05", "unread messages are counted by the customer's number alone")
def unread_counts_in_every_account(wacrm: Wacrm) -> None:
    namesakes = """
        UPDATE conversations SET unread_count = unread_count + 1 WHERE id <> :id AND contact_id IN (
            SELECT id FROM contacts WHERE phone = (
                SELECT c.phone FROM contacts c JOIN conversations v ON v.contact_id = c.id WHERE v.id = :id))"""
    note = wacrm.conversations.note_message

    def noted(account: str, conversation: str, text: str | None, at: str, *, inbound: bool) -> None:
        note(account, conversation, text, at, inbound=inbound)
        if inbound:
            wacrm.db.run(namesakes, {"id": conversation})

    patch(wacrm.conversations, "note_message", noted)


def _to_every_account(wacrm: Wacrm, event: Event) -> None:
    publish = wacrm.dispatcher.publish

    def published(account: str, published_event: Event, data: Json) -> None:
        publish(account, published_event, data)
        if published_event is event:
            for other in wacrm.settings.accounts:
                if other.id != account:
                    publish(other.id, published_event, data)

    patch(wacrm.dispatcher, "publish", published)


@fault("TENANT-06", "the endpoints of an event are cached by its name, for all accounts together")
def received_messages_go_to_every_account(wacrm: Wacrm) -> None:
    _to_every_account(wacrm, Event.MESSAGE_RECEIVED)


@fault("TENANT-06", "the status hook was written when there was one account")
def status_updates_go_to_every_account(wacrm: Wacrm) -> None:
    _to_every_account(wacrm, Event.STATUS_UPDATED)


@fault("TENANT-06", "the queue of new conversations is shared, and so are its subscribers")
def new_conversations_go_to_every_account(wacrm: Wacrm) -> None:
    _to_every_account(wacrm, Event.CONVERSATION_CREATED)


@fault("TENANT-01", "the contact page of a support role was opened to everybody")
def foreign_contact_can_be_read(wacrm: Wacrm) -> None:
    running, require = current_operation(wacrm), wacrm.contacts.require

    def required(account: str, text: str) -> Row:
        owner = _owner(wacrm, "contacts", text) if running() is Operation.READ_CONTACT else None
        return require(owner or account, text)

    patch(wacrm.contacts, "require", required)
