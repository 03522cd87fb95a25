"""TENANT-05: one phone number in two accounts."""

from reference.wacrm.assembly import Wacrm
from reference.wacrm.faults.registry import Fault, fault
from reference.wacrm.patching.patches import sql
from reference.wacrm.patching.steps import wrap
from reference.wacrm.storage.database import Row

ROWS = (
    Fault("TENANT-05", "patch-changes-the-namesake-in-other-accounts",
          sql("contacts.change", "WHERE account_id = :account AND id = :id",
              "WHERE phone = (SELECT phone FROM contacts WHERE account_id = :account AND id = :id)"),
          "the UPDATE goes by phone number, which was unique before there were accounts"),
    Fault("TENANT-05", "tags-are-shared-by-accounts", sql("tags.find", "account_id = :account AND", ":account IS NOT NULL AND"),
          "a tag is looked up by its name alone: the table of tags is older than accounts are"),
    Fault("TENANT-05", "reply-counts-for-every-accounts-broadcast",
          sql("broadcasts.replied", "WHERE id = :id",
              "WHERE phone = (SELECT phone FROM broadcast_recipients WHERE id = :id)"),
          "a reply is counted by the customer's number alone"),
)  # fmt: skip


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

    wrap(wacrm.contacts, "find_or_add", inherited)


@fault("TENANT-05", "tag names are cached without the account: the first spelling is used by all accounts")
def tags_are_spelled_as_another_account_does(wacrm: Wacrm) -> None:
    find_or_add, spellings = wacrm.tags.find_or_add, dict[str, str]()

    def spelled(account: str, name: str) -> str:
        return find_or_add(account, spellings.setdefault(wacrm.tags.fold(name), name))

    wrap(wacrm.tags, "find_or_add", spelled)


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

    wrap(wacrm.conversations, "note_message", noted)
