"""API keys: who is calling, and for which account."""

import json
import re
import uuid
from dataclasses import dataclass, field

from reference.wacrm.protocol.envelope import ApiError, Code
from reference.wacrm.settings import Account, WhatsApp, hash_key
from reference.wacrm.storage.clock import Clock
from reference.wacrm.storage.database import Row, Storage

_BEARER = re.compile(r"bearer (wacrm_live_[A-Za-z0-9_-]{43})", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True)
class Caller:
    """An authenticated key: its account, its scopes in the order they were given."""

    key_hash: str = field(repr=False)
    account_id: str
    account_name: str
    scopes: tuple[str, ...]

    @property
    def key_id(self) -> str:
        """The same in every process that shares a database, and nothing that leads to the key."""
        return str(uuid.uuid5(uuid.NAMESPACE_OID, self.key_hash))


@dataclass
class KeysSQL:
    add_account: str = """
        INSERT INTO accounts (id, name, phone_number_id, waba_id, access_token)
        VALUES (:id, :name, :phone_number_id, :waba_id, :access_token)
        ON CONFLICT (id) DO UPDATE SET name = excluded.name, phone_number_id = excluded.phone_number_id,
            waba_id = excluded.waba_id, access_token = excluded.access_token"""
    add_key: str = """
        INSERT OR REPLACE INTO api_keys (key_hash, account_id, name, scopes, revoked_at, expires_at)
        VALUES (:key_hash, :account_id, :name, :scopes, :revoked_at, :expires_at)"""
    find: str = """
        SELECT k.key_hash, k.account_id, a.name AS account_name, k.scopes, k.revoked_at, k.expires_at
        FROM api_keys k JOIN accounts a ON a.id = k.account_id WHERE k.key_hash = :key_hash"""
    revoke: str = "UPDATE api_keys SET revoked_at = :now WHERE key_hash = :key_hash"
    whatsapp: str = "SELECT phone_number_id, waba_id, access_token FROM accounts WHERE id = :id"
    account_of_number: str = "SELECT id FROM accounts WHERE phone_number_id = :phone_number_id"


class Keys:
    """Accounts and keys; looked up anew for each request, so that a revocation holds from the next one on."""

    def __init__(self, db: Storage, clock: Clock) -> None:
        self.sql = KeysSQL()
        self._db = db
        self._clock = clock

    def provision(self, accounts: tuple[Account, ...]) -> None:
        """Insert or refresh accounts and keys; safe to repeat for processes that share a file."""
        with self._db.transaction():
            for account in accounts:
                self._add(account)

    def authenticate(self, authorization: str | None) -> Caller:
        """The caller behind an `Authorization` header.

        Raises:
            ApiError: 401, the same for every reason (AUTH-05).

        """
        key = self.presented(authorization)
        row = self.find(hash_key(key)) if key else None
        if row is None or not self.in_force(row):
            raise self.refusal()
        scopes = tuple(json.loads(row["scopes"]))
        return Caller(row["key_hash"], row["account_id"], row["account_name"], scopes)

    def presented(self, authorization: str | None) -> str | None:
        """The key in a header, None when there is nothing of a key's form in it."""
        match = _BEARER.fullmatch(authorization or "")
        return match[1] if match else None

    def find(self, key_hash: str) -> Row | None:
        return self._db.row(self.sql.find, {"key_hash": key_hash})

    def revoke(self, key_hash: str) -> None:
        self._db.run(self.sql.revoke, {"key_hash": key_hash, "now": self._clock.now()})

    def in_force(self, row: Row) -> bool:
        return not self.revoked(row) and not self.expired(row)

    def revoked(self, row: Row) -> bool:
        """A revocation may lie ahead: it holds from its moment on."""
        return row["revoked_at"] is not None and row["revoked_at"] <= self._clock.now()

    def expired(self, row: Row) -> bool:
        return row["expires_at"] is not None and row["expires_at"] <= self._clock.now()

    def refusal(self) -> ApiError:
        return ApiError(Code.UNAUTHORIZED, "A valid API key is required.", {"WWW-Authenticate": "Bearer"})

    def whatsapp(self, account_id: str) -> WhatsApp | None:
        row = self._db.row(self.sql.whatsapp, {"id": account_id})
        if row is None or row["phone_number_id"] is None:
            return None
        return WhatsApp(row["phone_number_id"], row["waba_id"], row["access_token"])

    def account_of_number(self, phone_number_id: str) -> str | None:
        row = self._db.row(self.sql.account_of_number, {"phone_number_id": phone_number_id})
        return row["id"] if row else None

    def _add(self, account: Account) -> None:
        whatsapp = account.whatsapp
        values = {
            "id": account.id,
            "name": account.name,
            "phone_number_id": None,
            "waba_id": None,
            "access_token": None,
        }
        if whatsapp:
            values |= {
                "phone_number_id": whatsapp.phone_number_id,
                "waba_id": whatsapp.waba_id,
                "access_token": whatsapp.access_token,
            }
        self._db.run(self.sql.add_account, values)
        self._db.run_many(
            self.sql.add_key,
            [
                {
                    "key_hash": key.key_hash,
                    "account_id": account.id,
                    "name": key.name,
                    "scopes": json.dumps(key.scopes),
                    "revoked_at": key.revoked_at,
                    "expires_at": key.expires_at,
                }
                for key in account.keys
            ],
        )
