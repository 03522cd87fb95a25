"""What people, and the business on its phone, are made to write: the messages of control calls (fact sheet 16.2)."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from mock_meta.business.media import SAMPLES
from mock_meta.control.bodies import Body
from mock_meta.control.errors import suggestion
from mock_meta.events.inbound import CONTACT
from mock_meta.events.inbound_content import TYPES
from mock_meta.protocol.numbers import is_user_id

Number = Annotated[str, StringConstraints(pattern=r"^\+?\d{5,15}$")]
_RIDERS = frozenset({"edit", "revoke"})
"""Types that a message of another type may carry too."""


class WrittenMessage(Body):
    """Meta's own message member, as far as the caller cares; the mock completes the rest. ``extra`` goes in as it is."""

    model_config = ConfigDict(extra="allow", frozen=True)
    members: ClassVar[frozenset[str]] = frozenset({*TYPES, "id", "timestamp", "type", "context", "extra"})
    types: ClassVar[tuple[str, ...]] = TYPES
    type: str = "text"

    @model_validator(mode="before")
    @classmethod
    def _known(cls, given: Any) -> Any:  # noqa: ANN401  # JSON
        """First of all: a misspelt member is why another one seems to be missing."""
        for name in given if isinstance(given, dict) else ():
            if name not in cls.members:
                hint = suggestion(name, cls.members)
                raise ValueError(f"unknown member {name!r}{hint}; 'extra' takes what is in no documentation")
        return given

    @model_validator(mode="after")
    def _sane(self) -> "WrittenMessage":
        if self.type not in self.types:
            raise ValueError(f"no message type {self.type!r}; known: {', '.join(self.types)}")
        extra = self.model_extra or {}
        for name in extra:
            if name in TYPES and name not in {self.type, *_RIDERS}:
                raise ValueError(f"{name!r} is for messages of that type, and this one's is {self.type!r}")
        for name in (self.type, "context", "contact", "extra", "identity", "referral"):
            wanted = list if name == "contacts" else dict
            if not isinstance(extra.get(name), wanted | None):
                raise ValueError(f"{name!r} must be {'an array' if wanted is list else 'an object'}")  # noqa: TRY004
        check_texts(extra, "id", "timestamp", *_TEXTS)
        if self.type in SAMPLES:
            check_texts(extra.get(self.type) or {}, "id", "mime_type")
        return self


_TEXTS = ("profile_name", "username", "user_id", "parent_user_id", "from_user_id", "from_parent_user_id")


class InboundMessage(WrittenMessage):
    """From a number, or from a user id where there is none."""

    members = WrittenMessage.members | {
        *("from", "from_user_id", "from_parent_user_id", "group_id"),
        *("referral", "identity", "errors", "history_context"),
        *CONTACT,  # what the mock puts where Meta does
    }
    sender: Number | None = Field(default=None, alias="from")

    @model_validator(mode="after")
    def _from_somebody(self) -> "InboundMessage":
        extra = self.model_extra or {}
        user = extra.get("from_user_id") or extra.get("user_id")
        if self.sender is None and user is None:
            raise ValueError("from: field required, or 'from_user_id' for somebody without a number")
        if self.sender is None and not is_user_id(str(user)):
            raise ValueError(f"{user!r} is not a user id such as US.13491208655302741918")
        return self

    def asked(self) -> dict[str, Any]:
        given = self.model_dump(by_alias=True)
        return {**given, "from": self.sender.lstrip("+") if self.sender else None}


class EchoMessage(WrittenMessage):
    """What the business typed on its phone."""

    members = WrittenMessage.members | {"to"}
    types = ("text", "image", "video", "audio", "document", "sticker", "location", "contacts", "edit", "revoke")
    to: Number

    def asked(self) -> dict[str, Any]:
        return {**self.model_dump(), "to": self.to.lstrip("+")}


class OldMessage(WrittenMessage):
    """A message of the history; ``status`` is how far it came."""

    members = WrittenMessage.members | {"from_business", "status"}
    from_business: bool = False
    status: Literal["DELIVERED", "ERROR", "PENDING", "PLAYED", "READ", "SENT"] = "READ"


class Thread(Body):
    person: Number
    messages: list[OldMessage]

    def asked(self) -> dict[str, Any]:
        return {"person": self.person.lstrip("+"), "messages": [one.model_dump() for one in self.messages]}


class HistoryBody(Body):
    """A chunk of one of three phases, or that the business declined to share any."""

    threads: list[Thread] = Field(default_factory=list)
    phase: Annotated[int, Field(ge=0, le=2)] = 0
    chunk_order: Annotated[int, Field(ge=0)] = 1
    progress: Annotated[int, Field(ge=0, le=100)] = 100
    declined: bool = False

    def asked(self) -> dict[str, Any]:
        return {**self.model_dump(exclude={"threads"}), "threads": [one.asked() for one in self.threads]}


class ContactBody(Body):
    action: Literal["add", "remove"] = "add"
    contact: dict[str, Any]


class CoexistenceBody(Body):
    """What happened on the business's phone, one webhook for each member that is there."""

    phone_number_id: str
    echoes: list[EchoMessage] = Field(default_factory=list)
    history: HistoryBody | None = None
    contacts: list[ContactBody] = Field(default_factory=list)
    wait: bool = True

    @model_validator(mode="after")
    def _something(self) -> "CoexistenceBody":
        if not self.echoes and self.history is None and not self.contacts:
            raise ValueError("give 'echoes', 'history' or 'contacts'")
        return self


class InboundBody(Body):
    phone_number_id: str
    messages: Annotated[list[InboundMessage], Field(min_length=1)]
    batch: bool = False
    wait: bool = True


def check_texts(members: Mapping[str, Any], *names: str) -> None:
    """Raises ValueError, as pydantic wants it."""
    for name in names:
        if not isinstance(members.get(name), str | None):
            raise ValueError(f"{name!r} must be a string")  # noqa: TRY004  # pydantic turns no TypeError into an answer
