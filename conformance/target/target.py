"""The deployment that is checked: addresses, keys, limits, capabilities. `sources` reads them."""

from __future__ import annotations

import difflib
import os
import re
from typing import TYPE_CHECKING, Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    field_serializer,
    model_validator,
)

from conformance.target.keys import Key, Role, scoped_role
from conformance.target.waiting import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

SCOPES = (
    "messages:send",
    "messages:read",
    "contacts:read",
    "contacts:write",
    "conversations:read",
    "broadcasts:send",
    "webhooks:manage",
)
LOOPBACK = re.compile(r"^(localhost|127\.\d+\.\d+\.\d+|::1|\[::1\])$")


class SettingsError(Exception):
    """A setting is missing, misspelled or impossible. The message names the source, the key and the line."""


def _as_list(value: Any) -> Any:  # noqa: ANN401 - raw settings
    return [value] if isinstance(value, str) else value


def _from_environment(value: Any) -> Any:  # noqa: ANN401 - raw settings
    if isinstance(value, str) and value.startswith("env:"):
        try:
            return os.environ[value.removeprefix("env:")]
        except KeyError:
            raise ValueError(f"the environment has no variable {value.removeprefix('env:')}") from None
    return value


def _printable(value: SecretStr) -> SecretStr:
    """What a header can carry, without a blank that a copy brought along (RFC 6750, 2.1)."""
    for place, character in enumerate(value.get_secret_value(), 1):
        if not "!" <= character <= "~":
            kind = "a blank" if character.isspace() else "not a printable ASCII character"
            raise ValueError(f"no key holds such a character: character {place} is {kind}")
    return value


Secret = Annotated[SecretStr, BeforeValidator(_from_environment)]
ApiKey = Annotated[SecretStr, BeforeValidator(_from_environment), AfterValidator(_printable)]
ApiKeys = Annotated[list[ApiKey], BeforeValidator(_as_list)]


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Address(Section):
    """`base_url` is the deployment's origin or its `/api/v1`; `limit` requests per `window` seconds and key."""

    base_url: str
    webhook_url: str = ""
    limit: int = Field(120, ge=2)
    window: float = Field(60.0, gt=0)
    timeout: float = Field(30.0, gt=0)
    patience: float = Field(PATIENCE, gt=0)
    ca: str = ""
    insecure: bool = False
    embedded: bool = False

    @model_validator(mode="after")
    def _addresses(self) -> Self:
        split = urlsplit(self.base_url)
        if split.scheme not in {"http", "https"} or not split.hostname:
            raise ValueError(f"base_url must be an http or https URL, not {self.base_url!r}")
        return self

    @property
    def origin(self) -> str:
        return re.sub(r"/api/v1/?$", "", self.base_url).rstrip("/")

    @property
    def api(self) -> str:
        return f"{self.origin}/api/v1"

    @property
    def host(self) -> str:
        return urlsplit(self.base_url).hostname or ""

    @property
    def verify(self) -> bool | str:
        """For the HTTP client: a CA file, or whether certificates are verified at all."""
        return self.ca or not self.insecure

    @property
    def meta_webhook(self) -> str:
        return self.webhook_url or f"{self.origin}/api/whatsapp/webhook"


class ExpiringKey(Section):
    """A key of the account of `Keys.full` that expires while a run uses it, and when."""

    key: ApiKey
    expires_at: AwareDatetime

    @field_serializer("expires_at")
    def _as_text(self, moment: datetime) -> str:
        """A worker of a parallel run gets the settings over a pipe that knows no datetime."""
        return moment.isoformat()


class Keys(Section):
    """Keys by role. `full` are of one account; `only` and `all_but` map a scope to a key of that account."""

    full: ApiKeys = Field(min_length=1)
    none: ApiKeys = []
    revoked: ApiKeys = []
    expired: ApiKeys = []
    expiring: ExpiringKey | None = None
    revocable: ApiKeys = []
    other_account: ApiKeys = []
    unconfigured: ApiKeys = []
    only: dict[str, ApiKey] = {}
    all_but: dict[str, ApiKey] = {}

    @model_validator(mode="after")
    def _known_scopes(self) -> Self:
        for scope in (*self.only, *self.all_but):
            if scope not in SCOPES:
                close = difflib.get_close_matches(scope, SCOPES, 1)
                raise ValueError(f"unknown scope {scope!r}" + (f"; did you mean {close[0]!r}?" if close else ""))
        return self

    def flat(self) -> list[Key]:
        """Every key, with the role that the pool knows it by."""
        expiring = [self.expiring.key] if self.expiring else []
        lists = {
            Role.FULL: self.full, Role.NONE: self.none, Role.REVOKED: self.revoked, Role.EXPIRED: self.expired,
            Role.EXPIRING: expiring, Role.REVOCABLE: self.revocable, Role.OTHER: self.other_account,
            Role.UNCONFIGURED: self.unconfigured,
        }  # fmt: skip
        keys = [
            Key(f"{role}[{i}]", role, s.get_secret_value())
            for role, given in lists.items()
            for i, s in enumerate(given)
        ]
        for kind, mapping in (("only", self.only), ("all_but", self.all_but)):
            keys += [Key(r, r, s.get_secret_value()) for scope, s in mapping.items() if (r := scoped_role(kind, scope))]
        return keys


class Meta(Section):
    """Mock Meta and the deployment's WhatsApp connection. `access_token` lets the harness tell the mock of the account."""

    control: str
    phone_number_id: str
    waba_id: str
    app_secret: Secret
    verify_token: Secret
    access_token: Secret | None = None
    display_phone_number: str = "15550100000"
    other_phone_number_id: str = ""
    other_waba_id: str = ""
    other_access_token: Secret | None = None


class Receiver(Section):
    """Where the target's outbound webhooks arrive. `origin` is what the target calls, when it is not the listener itself.

    `ca` is the private CA that the target was told to trust: made at that path by the first run, kept for the next.
    """

    host: str = "127.0.0.1"
    port: int = 0
    origin: str = ""
    ca: str = ""


class Hooks(Section):
    """Commands of the operator, run by the shell: `revoke` revokes the key of which `$WACRM_KEY_HASH` is the SHA-256."""

    revoke: str = ""


class Capabilities(Section):
    """What the target has. A false one makes the clauses that need it `skip`."""

    messages: bool = True
    broadcasts: bool = True
    webhooks: bool = True
    inbound: bool = True
    webhook_attempts: int = Field(1, ge=1)
    webhook_failures: int = Field(15, ge=1)
    webhook_timeout: float = Field(5.0, gt=0)
    probe_private_networks: bool = False


class Target(Section):
    """All that the checks know of the deployment, and the hosts that its operator named."""

    target: Address
    keys: Keys
    meta: Meta | None = None
    receiver: Receiver | None = None
    capabilities: Capabilities = Capabilities()
    hooks: Hooks = Hooks()
    allow_hosts: list[str] = []

    @property
    def secrets(self) -> list[str]:
        """Every secret in clear, for the test that nothing written holds one."""
        given = [] if self.meta is None else [value for _, value in self.meta if isinstance(value, SecretStr)]
        return [key.secret for key in self.keys.flat()] + [secret.get_secret_value() for secret in given]


def refuse_strangers(target: Target, allowed: Sequence[str]) -> None:
    """Only this machine is a target unless its host was named (decision 4). Raises `SettingsError`."""
    host = target.target.host
    if not LOOPBACK.match(host) and host not in {*allowed, *target.allow_hosts}:
        raise SettingsError(
            f"{host} is not this machine. The gate writes contacts and webhooks into its target; if {host} is a test\n"
            f"deployment of yours, name it: --allow-host {host}"
        )
