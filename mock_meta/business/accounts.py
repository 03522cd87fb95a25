"""WhatsApp Business Accounts, their numbers and templates, and what a token may see of them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import chain
from typing import Any

from mock_meta.business.apps import App, TokenState


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
    settings: dict[str, Any] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)

    @property
    def checks_identity(self) -> bool:
        """Whether customers' messages carry a hash of their identity key (Meta: identity change check)."""
        check = self.settings.get("user_identity_change", {}).get("enable_identity_key_check")
        return str(check).lower() in {"true", "1"}


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


@dataclass(slots=True, eq=False)
class Account:
    """A WABA with the app that owns it, and with other apps.

    ``user_ids`` False leaves business-scoped user ids out of webhooks, as before 2026.
    """

    waba_id: str
    app: App
    locked: bool = False
    user_ids: bool = True
    phones: dict[str, PhoneNumber] = field(default_factory=dict)
    templates: dict[str, Template] = field(default_factory=dict)
    last_place: int = 0
    deleted_names: dict[tuple[str, str], float] = field(default_factory=dict)
    other_apps: list[App] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The account and its own app have one name."""
        return self.app.name

    def callback_for(self, webhook_field: str, phone_number_id: str | None) -> str | None:
        """Where a change of a webhook field goes: nowhere unless the app listens to it; a number's override wins."""
        if not self.app.listens_to(webhook_field):
            return None
        phone = self.phones.get(phone_number_id) if phone_number_id is not None else None
        return (phone.override_url if phone else None) or self.app.callback

    def add(self, template: Template) -> None:
        """At the end of the list, at a place that no template had before."""
        self.last_place += 1
        template.place = self.last_place
        self.templates.pop(template.id, None)
        self.templates[template.id] = template

    def template(self, name: str, language: str) -> Template | None:
        wanted = (name, language)
        return next((one for one in self.templates.values() if (one.name, one.language) == wanted), None)


@dataclass(frozen=True, slots=True)
class Caller:
    """Whom an access token stands for.

    ``accounts`` are those that a user's token opens, ``apps`` as what each of them knows the token's app; ``served`` are
    those whose app's own token it is. All are empty for a token that nobody issued.
    """

    accounts: list[Account] = field(default_factory=list)
    apps: list[App] = field(default_factory=list)
    served: list[Account] = field(default_factory=list)

    @property
    def app(self) -> App | None:
        """The app whose token it is."""
        if self.apps:
            return self.apps[0]
        return self.served[0].app if self.served else None

    @property
    def token_state(self) -> TokenState:
        """Whether the token is still good. Other apps' tokens and apps' own always are."""
        for app in self.apps:
            if app.token_state is not TokenState.VALID:
                return app.token_state
        return TokenState.VALID

    def app_in(self, account: Account) -> App:
        """The app whose token it is, with what it has set for the account."""
        return self.apps[self.accounts.index(account)] if account in self.accounts else account.app

    def account_of_app(self, app_id: str) -> Account | None:
        """The first account that the token opens as this app's: a user's token of the app, or the app's own."""
        users = (account for account, app in zip(self.accounts, self.apps, strict=True) if app.id == app_id)
        owners = (account for account in self.served if account.app.id == app_id)
        return next(chain(users, owners), None)


_NOBODY = Caller()


class Accounts:
    """The registry, indexed by every id that can stand in a Graph path, and by token."""

    def __init__(self) -> None:
        self._by_waba: dict[str, Account] = {}
        self._by_phone: dict[str, Account] = {}
        self._callers: dict[str, Caller] = {}

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

    def caller(self, token: str | None) -> Caller:
        """Whom the token stands for."""
        return self._callers.get(token, _NOBODY) if token else _NOBODY

    def group(self, group_id: str) -> tuple[Account, Group] | None:
        phones = ((account, phone) for account in self for phone in account.phones.values())
        return next(((account, phone.groups[group_id]) for account, phone in phones if group_id in phone.groups), None)

    def of_template(self, template_id: str) -> Account | None:
        return next((one for one in self if template_id in one.templates), None)

    def served_by(self, app_id: str) -> list[Account]:
        return [one for one in self if one.app.id == app_id]

    def _index(self) -> None:
        self._by_phone = {phone: account for account in self for phone in account.phones}
        self._callers = {}
        for account in self:
            apps = {app.access_token: app for app in (account.app, *account.other_apps)}
            for token, app in apps.items():
                self._callers.setdefault(token, Caller()).accounts.append(account)
                self._callers[token].apps.append(app)
            if account.app.own_token is not None:
                self._callers.setdefault(account.app.own_token, Caller()).served.append(account)
