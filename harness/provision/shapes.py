"""The database schemas that the harness knows, as data: which table holds what, and which column takes which fact."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from harness.provision.statements import NOW
from harness.provision.table_name import TableName


@dataclass(frozen=True)
class Fixed:
    """A value that is the same in every row."""

    value: Any


Source = str | Fixed
"""What a column takes: a fact by name, or a fixed value."""
YES = Fixed(value=True)


@dataclass(frozen=True)
class Rows:
    """One table. `needed` columns make the shape; `optional` ones are written where a table has them."""

    table: TableName
    needed: dict[str, Source]
    optional: dict[str, Source] = field(default_factory=dict)


WHEN_REQUIRED: dict[str, Source] = {
    "id": "new_id",
    "created_at": Fixed(NOW),
    "updated_at": Fixed(NOW),
    "default_currency": Fixed("USD"),
}
"""Columns that databases fill themselves, unless the application does it: then these values."""


def _public(name: str, needed: dict[str, Source], optional: dict[str, Source] | None = None) -> Rows:
    return Rows(TableName("public", name), needed, optional or {})


ACCOUNTS = _public(
    "accounts",
    {"id": "account_id", "name": "account_name", "owner_user_id": "user_id"},
    {"allow_api": YES},
)
PROFILES = _public(
    "profiles",
    {"user_id": "user_id", "account_id": "account_id"},
    {"full_name": "full_name", "email": "email", "account_role": Fixed("owner")},
)
API_KEYS = _public(
    "api_keys",
    {
        "account_id": "account_id", "created_by": "user_id", "name": "key_name", "key_prefix": "key_prefix",
        "key_hash": "key_hash", "scopes": "scopes", "expires_at": "expires_at", "revoked_at": "revoked_at",
    },
)  # fmt: skip
WHATSAPP_CONFIG = _public(
    "whatsapp_config",
    {
        "user_id": "user_id", "account_id": "account_id", "phone_number_id": "phone_number_id", "waba_id": "waba_id",
        "access_token": "access_token", "verify_token": "verify_token", "status": Fixed("connected"),
    },
    {"connected_at": Fixed(NOW), "registered_at": Fixed(NOW), "subscribed_apps_at": Fixed(NOW), "is_default": YES},
)  # fmt: skip
MESSAGE_TEMPLATES = _public(
    "message_templates",
    {
        "user_id": "user_id", "account_id": "account_id", "name": "template_name", "category": "category",
        "language": "language", "header_type": "header_type", "header_content": "header_content",
        "body_text": "body_text", "buttons": "buttons", "status": Fixed("APPROVED"),
    },
    {"footer_text": "footer_text"},
)  # fmt: skip


@dataclass(frozen=True)
class Shape:
    """One schema. `has_trigger`: inserting a user makes its account and profile."""

    title: str
    has_trigger: bool
    users: Rows
    accounts: Rows = ACCOUNTS
    profiles: Rows = PROFILES
    api_keys: Rows = API_KEYS
    whatsapp_config: Rows = WHATSAPP_CONFIG
    message_templates: Rows = MESSAGE_TEMPLATES

    @property
    def tables(self) -> tuple[Rows, ...]:
        return (
            self.users, self.accounts, self.profiles, self.api_keys, self.whatsapp_config, self.message_templates,
        )  # fmt: skip


AUTH_SERVICE: dict[str, Source] = {
    "aud": Fixed("authenticated"),
    "role": Fixed("authenticated"),
    **dict.fromkeys(("confirmation_token", "recovery_token", "email_change_token_new", "email_change"), Fixed("")),
    "created_at": Fixed(NOW),
    "updated_at": Fixed(NOW),
}
"""Supabase's auth service cannot list users any more when one of them has NULL for a token."""
SUPABASE = Shape(
    "Wacrm on Supabase",
    has_trigger=True,
    users=Rows(TableName("auth", "users"), {"id": "user_id", "email": "email", "raw_user_meta_data": "user_meta"},
               AUTH_SERVICE),
)  # fmt: skip
PLAIN = Shape(
    "a fork on plain PostgreSQL",
    has_trigger=False,
    users=_public("user", {"id": "user_id", "name": "full_name", "email": "email"}, {"email_verified": YES}),
)
SHAPES = (SUPABASE, PLAIN)
