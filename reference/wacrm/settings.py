"""What an application is started with: accounts, keys, addresses, limits."""

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from reference.wacrm.protocol.operations import Scope
from reference.wacrm.storage.clock import Ids, iso


class SettingsError(ValueError):
    """A setting that cannot be used; the message is one line for the person who started the program."""


@dataclass(frozen=True)
class WhatsApp:
    """An account's connection to Meta."""

    phone_number_id: str
    waba_id: str
    access_token: str = field(repr=False)


@dataclass(frozen=True)
class KeyGrant:
    """A key as it is kept: only the SHA-256 of what the client presents."""

    key_hash: str = field(repr=False)
    name: str
    scopes: tuple[Scope, ...]
    revoked_at: str | None
    expires_at: str | None


@dataclass(frozen=True)
class Account:
    id: str
    name: str
    whatsapp: WhatsApp | None
    keys: tuple[KeyGrant, ...]


@dataclass(frozen=True)
class Settings:
    """Durations in seconds. `webhook_allow` holds exact origins (`https://127.0.0.1:8443`)."""

    app_secret: str = field(repr=False)
    verify_token: str = field(repr=False)
    accounts: tuple[Account, ...]
    graph_url: str = "http://127.0.0.1:9/v21.0"
    graph_timeout: float = 10.0
    limit: int = 120
    window: float = 60.0
    db: str = ":memory:"
    control: bool = False
    webhook_allow: frozenset[str] = frozenset()
    webhook_only_allowed: bool = True
    webhook_ca: Path | None = None
    webhook_failures: int = 15
    webhook_timeout: float = 5.0


def hash_key(key: str) -> str:
    """SHA-256 in hex: the only form in which a key is stored."""
    return hashlib.sha256(key.encode()).hexdigest()


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _WhatsAppEntry(_Entry):
    phone_number_id: str
    waba_id: str
    access_token: str


class _KeyEntry(_Entry):
    key: str
    name: str = ""
    scopes: list[Scope]
    revoked_at: datetime | None = None
    expires_at: datetime | None = None


class _AccountEntry(_Entry):
    id: str
    name: str
    whatsapp: _WhatsAppEntry | None = None
    keys: list[_KeyEntry] = []


class _AccountsFile(_Entry):
    app_secret: Annotated[str, Field(min_length=1)]
    verify_token: Annotated[str, Field(min_length=1)]
    accounts: list[_AccountEntry]


@dataclass(frozen=True)
class Accounts:
    """The content of an accounts file."""

    app_secret: str = field(repr=False)
    verify_token: str = field(repr=False)
    accounts: tuple[Account, ...]


def parse_accounts(raw: bytes | str) -> Accounts:
    """Accounts from the JSON text of an accounts file.

    Raises:
        SettingsError: naming the member at fault, never its value.

    """
    try:
        read = _AccountsFile.model_validate_json(raw)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the file"
        raise SettingsError(f"accounts: {place}: {first['msg']}") from None
    return Accounts(read.app_secret, read.verify_token, tuple(_account(entry) for entry in read.accounts))


def load_accounts(path: Path) -> Accounts:
    """Accounts from a file.

    Raises:
        SettingsError: when it cannot be read or understood.

    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise SettingsError(f"accounts: cannot read {path}: {error.strerror}") from None
    return parse_accounts(raw)


def _account(entry: _AccountEntry) -> Account:
    identity = Ids.parse(entry.id)
    if identity is None:
        raise SettingsError(f"accounts: {entry.name}: the id is not a UUID: {entry.id!r}")
    whatsapp = WhatsApp(**entry.whatsapp.model_dump()) if entry.whatsapp else None
    return Account(identity, entry.name, whatsapp, tuple(_grant(key) for key in entry.keys))


def _grant(entry: _KeyEntry) -> KeyGrant:
    return KeyGrant(
        hash_key(entry.key),
        entry.name,
        tuple(entry.scopes),
        _moment(entry.revoked_at),
        _moment(entry.expires_at),
    )


def _moment(value: datetime | None) -> str | None:
    if value is None:
        return None
    return iso(value if value.tzinfo else value.replace(tzinfo=UTC))
