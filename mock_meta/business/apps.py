"""Apps that work with a WhatsApp Business Account: their token, their secret, and where their webhooks go."""

from dataclasses import dataclass, field
from enum import StrEnum


class TokenState(StrEnum):
    VALID = "valid"
    EXPIRED = "expired"
    INVALIDATED = "invalidated"


@dataclass(slots=True)
class App:
    """An app with its user token and its own copy of every webhook, signed with its own secret.

    ``webhook_fields`` None is all. ``override_url`` is the callback that ``subscribed_apps`` set for one WABA (section 11).
    Secrets never show in a repr.
    """

    id: str
    name: str = "Test account"
    access_token: str = field(default="", repr=False)
    app_secret: str = field(default="", repr=False)
    verify_token: str = field(default="", repr=False)
    token_state: TokenState = TokenState.VALID
    webhook_url: str | None = None
    webhook_version: str = "v21.0"
    webhook_fields: frozenset[str] | None = None
    subscribed: bool = True
    override_url: str | None = None

    @property
    def own_token(self) -> str | None:
        """The app's own access token (``{app id}|{app secret}``), beside the one of its user."""
        return f"{self.id}|{self.app_secret}" if self.app_secret else None

    @property
    def callback(self) -> str | None:
        """Where webhooks go: the override for the WABA wins over the app's own URL (section 11)."""
        return self.override_url or self.webhook_url

    def listens_to(self, webhook_field: str) -> bool:
        return self.subscribed and (self.webhook_fields is None or webhook_field in self.webhook_fields)
