"""What Meta tells of customers that is no message of theirs (Meta fact sheet, section 16.2 and 20)."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from conformance.meta.webhook_payloads import change, new_wamid
from conformance.wacrm.steps.raw_webhooks import message, said

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from conformance.wacrm.steps.account import Account, Row

BUSINESS = "15550100000"


@dataclass(frozen=True)
class Notice:
    """What is told of a customer. `about` is the wamid of a message in the conversation, or of one that nobody has; `text`
    is what must not become the customer's words.
    """

    account: Account
    customer: str
    about: str
    text: str

    def of(self, kind: str, **content: Any) -> Row:  # noqa: ANN401 - Meta's members
        """A change with one item of `messages` of this type."""
        return said(self.account, message(self.customer, type=kind, **{kind: content}))

    @property
    def digits(self) -> str:
        return self.customer.removeprefix("+")

    def system(self, kind: str, **members: str) -> Row:
        """Comes without `contacts`."""
        item = message(self.customer, type="system", system={"body": self.text, "type": kind, **members})
        return change(self.account.phone_number_id, messages=[item])

    def echo(self, **content: Any) -> Row:  # noqa: ANN401 - Meta's members
        """What the business wrote to the customer on its phone."""
        item = {
            "from": BUSINESS,
            "to": self.digits,
            "id": new_wamid(self.digits),
            "timestamp": str(int(time.time())),
            **content,
        }
        return change(self.account.phone_number_id, "smb_message_echoes", message_echoes=[item])

    def address_book(self, action: str, **names: str) -> Row:
        entry = {"type": "contact", "contact": {**names, "phone_number": self.digits}, "action": action,
                 "metadata": {"timestamp": str(int(time.time()))}}  # fmt: skip
        return change(self.account.phone_number_id, "smb_app_state_sync", state_sync=[entry])

    def preference(self, value: str) -> Row:
        told: Row = {"wa_id": self.digits, "detail": self.text, "category": "marketing_messages", "value": value}
        told |= {"timestamp": int(time.time())}
        contact = {"profile": {"name": "Ada"}, "wa_id": self.digits}
        return change(self.account.phone_number_id, "user_preferences", contacts=[contact], user_preferences=[told])

    def edited(self) -> Row:
        return self.of("edit", original_message_id=self.about, message={"type": "text", "text": {"body": self.text}})

    def located_echo(self) -> Row:
        return self.echo(type="location", location={"latitude": 45.4, "longitude": 9.1, "name": self.text})

    def quoted_echo(self) -> Row:
        echo = self.echo(type="text", text={"body": self.text})
        echo["value"]["message_echoes"][0]["context"] = {"from": self.digits, "id": self.about}
        return echo


NOTICES: Mapping[str, Callable[[Notice], Row]] = {
    "reaction": lambda notice: notice.of("reaction", message_id=notice.about, emoji="👍"),
    "reaction of many characters": lambda notice: notice.of("reaction", message_id=notice.about, emoji="👩‍👩‍👧‍👦"),
    "removed reaction": lambda notice: notice.of("reaction", message_id=notice.about),
    "reaction removed as empty": lambda notice: notice.of("reaction", message_id=notice.about, emoji=""),
    "edit": Notice.edited,
    "deletion": lambda notice: notice.of("revoke", original_message_id=notice.about),
    "changed number": lambda notice: notice.system("user_changed_number", wa_id=f"999{notice.digits[-9:]}"),
    "changed identity": lambda notice: notice.system("customer_identity_changed", identity="DF2lS5v2W6x="),
    "changed user id": lambda notice: notice.system("user_changed_user_id", user_id="US.13491208655302741918"),
    "echo of a text": lambda notice: notice.echo(type="text", text={"body": notice.text}),
    "echo of a location": Notice.located_echo,
    "echo of a reply": Notice.quoted_echo,
    "contact added": lambda notice: notice.address_book("add", full_name=notice.text, first_name="Ada"),
    "contact removed": lambda notice: notice.address_book("remove"),
    "marketing stopped": lambda notice: notice.preference("stop"),
    "marketing resumed": lambda notice: notice.preference("resume"),
}  # fmt: skip
"""By name; the names are parameters of checks."""
