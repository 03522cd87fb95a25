"""What the control's bodies about accounts consist of."""

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, field_validator

from mock_meta.business.accounts import TemplateCategory, TemplateStatus
from mock_meta.business.apps import TokenState
from mock_meta.control.bodies import Body
from mock_meta.protocol.numbers import is_user_id

Id = Annotated[str, StringConstraints(pattern=r"^\d{1,32}$")]
NameStatus = Literal["APPROVED", "AVAILABLE_WITHOUT_REVIEW", "DECLINED", "EXPIRED", "NONE", "PENDING_REVIEW"]
Version = Annotated[str, StringConstraints(pattern=r"^v\d{1,2}\.\d$")]


class GroupBody(Body):
    id: Annotated[str, StringConstraints(pattern=r"^[\w@.:+/=-]{4,128}$")]
    subject: str = "Test group"
    description: str | None = None
    participants: list[Annotated[str, StringConstraints(pattern=r"^\+?\d{5,15}$")]] = Field(default_factory=list)

    @field_validator("id")
    @classmethod
    def _not_a_person(cls, value: str) -> str:
        if value.isdecimal() or is_user_id(value):
            raise ValueError("a group's id is neither a number nor a user id")
        return value


class PhoneBody(Body):
    id: Id
    display_phone_number: Annotated[str, StringConstraints(pattern=r"\d.*\d")]
    verified_name: str = "Test Business"
    quality_rating: Literal["GREEN", "YELLOW", "RED", "UNKNOWN"] = "GREEN"
    registered: bool = True
    verified: bool = True
    pin: Annotated[str, StringConstraints(pattern=r"^\d{6}$")] | None = None
    throughput: Literal["STANDARD", "HIGH"] = "STANDARD"
    mode: Literal["LIVE", "SANDBOX"] = "LIVE"
    name_status: NameStatus = "APPROVED"
    allowed_recipients: list[str] | None = None
    groups: list[GroupBody] = Field(default_factory=list)


class TemplateBody(Body):
    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,512}$")]
    language: str = "en_US"
    category: TemplateCategory = TemplateCategory.UTILITY
    status: TemplateStatus = TemplateStatus.APPROVED
    components: list[dict[str, Any]]
    parameter_format: Literal["POSITIONAL", "NAMED"] = "POSITIONAL"
    id: Id | None = None


class AppBody(Body):
    app_id: Id
    access_token: Annotated[str, StringConstraints(min_length=1)]
    app_secret: Annotated[str, StringConstraints(min_length=1)]
    name: str = "Another app"
    webhook_url: str | None = None
    webhook_version: Version = "v21.0"
    webhook_fields: frozenset[str] | None = None
    subscribed: bool = True


class AccountBody(Body):
    waba_id: Id | None = None
    access_token: Annotated[str, StringConstraints(min_length=1)] | None = None
    app_id: Id | None = None
    app_secret: Annotated[str, StringConstraints(min_length=1)] | None = None
    name: str | None = None
    webhook_url: str | None = None
    webhook_version: Version | None = None
    verify_token: str | None = None
    token_state: TokenState | None = None
    locked: bool | None = None
    subscribed: bool | None = None
    user_ids: bool | None = None
    webhook_fields: frozenset[str] | None = None
    phone_numbers: list[PhoneBody] | None = None
    templates: list[TemplateBody] | None = None
    other_apps: list[AppBody] | None = None


class ConfiguredAccount(AccountBody):
    """An element of a --config file."""

    waba_id: Id
