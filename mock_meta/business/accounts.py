"""WhatsApp Business Accounts, their numbers and templates, and what a token may see of them."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class TokenState(StrEnum):
    VALID = "valid"
    EXPIRED = "expired"
    INVALIDATED = "invalidated"


class TemplateStatus(StrEnum):
    APPROVED = "APPROVED"
    PENDING = "PENDING"
    REJECTED = "REJECTED"
    PAUSED = "PAUSED"
    DISABLED = "DISABLED"
    IN_APPEAL = "IN_APPEAL"
    PENDING_DELETION = "PENDING_DELETION"
    DELETED = "DELETED"
    LIMIT_EXCEEDED = "LIMIT_EXCEEDED"
    ARCHIVED = "ARCHIVED"


class TemplateCategory(StrEnum):
    AUTHENTICATION = "AUTHENTICATION"
    MARKETING = "MARKETING"
    UTILITY = "UTILITY"


@dataclass(frozen=True, slots=True)
class Group:
    """A WhatsApp group that a business number made; ``participants`` are the others in it, as digits."""

    id: str
    subject: str
    participants: tuple[str, ...]
    created_at: float
    description: str | None = None


@dataclass(slots=True)
class PhoneNumber:
    """A business number. ``display`` as written on screen, ``digits`` as in webhooks."""

    id: str
    waba_id: str
    display: str
    verified_name: str
    digits: str
    quality_rating: str = "GREEN"
    registered: bool = True
    verified: bool = True
    code_requested: bool = False
    pin: str | None = None
    pin_guesses: int = 0
    throughput: str = "STANDARD"
    mode: str = "LIVE"
    name_status: str = "APPROVED"
    allowed_recipients: frozenset[str] | None = None
    override_url: str | None = None
    profile: dict[str, Any] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)


@dataclass(slots=True)
class Template:
    """A message template in one language; ``components`` as Meta lists them, ``place`` its own in the account's list."""

    id: str
    name: str
    language: str
    category: TemplateCategory
    status: TemplateStatus
    components: list[dict[str, Any]]
    parameter_format: str = "POSITIONAL"
    quality: str = "UNKNOWN"
    rejected_reason: str = "NONE"
    previous_category: TemplateCategory | None = None
    correct_category: TemplateCategory | None = None
    created_at: float = 0.0
    ttl: int | None = None
    scored_at: float | None = None
    pauses: int = 0
    place: int = 0
    edits: list[float] = field(default_factory=list)


@dataclass(slots=True)
class App:
    """One more app that works with a WABA: with its own token, and its own copy of every webhook, signed with its own secret."""

    id: str
    name: str = "Another app"
    access_token: str = field(default="", repr=False)
    app_secret: str = field(default="", repr=False)
    webhook_url: str | None = None
    webhook_version: str = "v21.0"
    subscribed: bool = True
    override_url: str | None = None
    webhook_fields: frozenset[str] | None = None

    def callback_for(self, name: str) -> str | None:
        """Where a change of the webhook field goes."""
        listens = self.subscribed and (self.webhook_fields is None or name in self.webhook_fields)
        return (self.override_url or self.webhook_url) if listens else None


@dataclass(slots=True)
class Account:
    """A WABA with the app that owns its token, and with other apps. Secrets never show in a repr.

    ``user_ids`` False leaves business-scoped user ids out of webhooks, as before 2026. ``webhook_fields`` None is all.
    """

    waba_id: str
    app_id: str
    name: str = "Test account"
    access_token: str = field(default="", repr=False)
    app_secret: str = field(default="", repr=False)
    verify_token: str = field(default="", repr=False)
    webhook_url: str | None = None
    webhook_version: str = "v21.0"
    token_state: TokenState = TokenState.VALID
    locked: bool = False
    subscribed: bool = True
    user_ids: bool = True
    override_url: str | None = None
    webhook_fields: frozenset[str] | None = None
    phones: dict[str, PhoneNumber] = field(default_factory=dict)
    templates: dict[str, Template] = field(default_factory=dict)
    last_place: int = 0
    deleted_names: dict[tuple[str, str], float] = field(default_factory=dict)
    other_apps: list[App] = field(default_factory=list)

    @property
    def callback(self) -> str | None:
        """Where webhooks go: the override of subscribed_apps wins over the app's own URL (section 11)."""
        return self.override_url or self.webhook_url

    def callback_for(self, field: str, phone_number_id: str | None) -> str | None:
        """Where a change of a webhook field goes: nowhere unless the app listens to it; a number's override wins."""
        if not self.subscribed or (self.webhook_fields is not None and field not in self.webhook_fields):
            return None
        phone = self.phones.get(phone_number_id) if phone_number_id is not None else None
        return (phone.override_url if phone else None) or self.callback

    def app_of(self, token: str | None) -> "Account | App":
        """Whose token it is: another app's, or the account's own app's."""
        return next((app for app in self.other_apps if app.access_token == token), self)

    def app_id_of(self, token: str | None) -> str:
        """The id of the app whose token it is."""
        app = self.app_of(token)
        return app.id if isinstance(app, App) else app.app_id

    def add(self, template: Template) -> None:
        """At the end of the list, at a place that no template had before."""
        self.last_place += 1
        template.place = self.last_place
        self.templates.pop(template.id, None)
        self.templates[template.id] = template

    def template(self, name: str, language: str) -> Template | None:
        wanted = (name, language)
        return next((one for one in self.templates.values() if (one.name, one.language) == wanted), None)


class Accounts:
    """The registry, indexed by every id that can stand in a Graph path, and by token."""

    def __init__(self) -> None:
        self._by_waba: dict[str, Account] = {}
        self._by_phone: dict[str, Account] = {}
        self._by_token: dict[str, list[Account]] = {}

    def __iter__(self) -> Iterator[Account]:
        return iter(self._by_waba.values())

    def put(self, account: Account) -> None:
        """Add or replace. The caller made sure that no other account holds one of its numbers."""
        self._by_waba[account.waba_id] = account
        self._index()

    def clear(self) -> None:
        self._by_waba.clear()
        self._index()

    def waba(self, waba_id: str) -> Account | None:
        return self._by_waba.get(waba_id)

    def of_phone(self, phone_number_id: str) -> Account | None:
        return self._by_phone.get(phone_number_id)

    def of_token(self, token: str) -> list[Account]:
        """The accounts the token opens; empty for a token nobody issued."""
        return self._by_token.get(token, [])

    def state_of(self, token: str) -> TokenState:
        """Whether the token is still good. Other apps' tokens always are."""
        states = (one.token_state for one in self.of_token(token) if one.access_token == token)
        return next((state for state in states if state is not TokenState.VALID), TokenState.VALID)

    def of_group(self, group_id: str) -> Account | None:
        return next((one for one in self if any(group_id in phone.groups for phone in one.phones.values())), None)

    def of_template(self, template_id: str) -> Account | None:
        return next((one for one in self if template_id in one.templates), None)

    def of_app_token(self, token: str) -> list[Account]:
        """The accounts served by the app whose own token (``{app id}|{app secret}``) this is."""
        app_id, _, secret = token.partition("|")
        return [one for one in self.served_by(app_id) if secret and one.app_secret == secret]

    def served_by(self, app_id: str) -> list[Account]:
        return [one for one in self if one.app_id == app_id]

    def of_app(self, app_id: str, token: str | None) -> Account | None:
        """The account that the token opens as this app's: a user's token of the app, or the app's own."""
        users = (one for one in self.of_token(token or "") if one.app_id_of(token) == app_id)
        owners = (one for one in self.of_app_token(token or "") if one.app_id == app_id)
        return next(itertools.chain(users, owners), None)

    def _index(self) -> None:
        self._by_phone = {phone: account for account in self for phone in account.phones}
        self._by_token = {}
        for account in self:
            for token in {account.access_token, *(app.access_token for app in account.other_apps)}:
                self._by_token.setdefault(token, []).append(account)
