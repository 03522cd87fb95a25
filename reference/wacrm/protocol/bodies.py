"""Request bodies: JSON text in, typed values out, 400 for everything else."""

import json
import re
from enum import StrEnum
from typing import Annotated, Any, NoReturn, Self, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from starlette.requests import Request

from reference.wacrm.protocol.envelope import bad_request
from reference.wacrm.protocol.uris import is_web_address

MAXIMUM_BYTES = 8 * 1024 * 1024
MAXIMUM_TEXT = 4096  # Meta, "Text messages": body 1-4096
MAXIMUM_CAPTION = 1024  # Meta, "Media messages": caption 1024
MAXIMUM_RECIPIENTS = 1000

_UNCARRIABLE = re.compile("[\x00\ud800-\udfff]")


class MessageType(StrEnum):
    TEXT = "text"
    TEMPLATE = "template"
    IMAGE = "image"
    VIDEO = "video"
    DOCUMENT = "document"
    AUDIO = "audio"


MEDIA = frozenset({MessageType.IMAGE, MessageType.VIDEO, MessageType.DOCUMENT, MessageType.AUDIO})


class Event(StrEnum):
    MESSAGE_RECEIVED = "message.received"
    STATUS_UPDATED = "message.status_updated"
    CONVERSATION_CREATED = "conversation.created"


def _link(value: str) -> str:
    if not is_web_address(value):
        raise ValueError("must be an http(s) URL")
    return value


Name = Annotated[str, Field(min_length=1)]
Link = Annotated[str, AfterValidator(_link)]
ButtonIndex = Annotated[str, Field(pattern=r"^[0-9]$")]


class Body(BaseModel):
    """Strict: a number is not a string. Members that the documentation does not name are ignored."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)


class ContactCreate(Body):
    phone: str
    name: str | None = None
    email: str | None = None
    company: str | None = None
    tags: list[Name] = []


class ContactPatch(Body):
    name: str | None = None
    email: str | None = None
    company: str | None = None
    tags: list[Name] = []


class TemplateParams(Body):
    """`button_params` maps a button's index in the template to its value."""

    body: list[str] = []
    header_text: Annotated[str | None, Field(alias="headerText")] = None
    header_media_url: Annotated[Link | None, Field(alias="headerMediaUrl")] = None
    header_media_id: Annotated[Name | None, Field(alias="headerMediaId")] = None
    button_params: Annotated[dict[ButtonIndex, str], Field(alias="buttonParams")] = {}

    @model_validator(mode="after")
    def _one_header(self) -> Self:
        if sum(given is not None for given in (self.header_text, self.header_media_url, self.header_media_id)) > 1:
            raise ValueError("needs at most one of headerText, headerMediaUrl and headerMediaId")
        return self


class Template(Body):
    name: Name
    language: Name = "en_US"
    params: list[str] | TemplateParams | None = None


class MessageCreate(Body):
    to: str
    type: Annotated[MessageType, Field(strict=False)] = MessageType.TEXT
    text: str | None = None
    media_url: str | None = None
    filename: str | None = None
    template: Template | None = None
    reply_to_message_id: str | None = None
    name: str | None = None


class Recipient(Body):
    to: str
    params: list[str] = []


class BroadcastCreate(Body):
    name: str | None = None
    template_name: Name
    template_language: str | None = None
    recipients: Annotated[list[Recipient], Field(min_length=1, max_length=MAXIMUM_RECIPIENTS)]


Events = Annotated[list[Annotated[Event, Field(strict=False)]], Field(min_length=1)]


class WebhookCreate(Body):
    url: str
    events: Events


class WebhookPatch(Body):
    url: str = ""
    events: Events = [Event.MESSAGE_RECEIVED]
    is_active: bool = True


B = TypeVar("B", bound=Body)


class Bodies:
    """Reads request bodies. `validate` is the step that knows the operation's model."""

    async def read(self, request: Request, model: type[B]) -> B:
        """The request's body as `model`.

        Raises:
            ApiError: 400 for a body that is too large, no JSON, no object, or not what the model asks for.

        """
        return self.validate(self.parse(await self.content(request)), model)

    async def content(self, request: Request) -> bytes:
        """All of it is taken, though too much of it is not kept: who is still writing does not read the refusal."""
        received, size = bytearray(), 0
        async for chunk in request.stream():
            size += len(chunk)
            if size <= MAXIMUM_BYTES:
                received += chunk
        if size > MAXIMUM_BYTES:
            raise bad_request("The request body is too large.")
        return bytes(received)

    def parse(self, raw: bytes) -> dict[str, Any]:
        try:
            body = json.loads(raw.decode("utf-8"), parse_constant=_refuse_constant)
            _refuse_uncarriable(body)
        except RecursionError:
            raise bad_request("The request body is nested too deeply.") from None
        except ValueError:
            raise bad_request("The request body is not valid JSON text.") from None
        if not isinstance(body, dict):
            raise bad_request("The request body must be a JSON object.")
        return body

    def validate(self, body: dict[str, Any], model: type[B]) -> B:
        try:
            return model.model_validate(body)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False, include_context=False)[0]
            place = ".".join(str(part) for part in first["loc"])
            raise bad_request(f"{place}: {first['msg']}" if place else first["msg"]) from None


def check_link(value: str, field: str) -> str:
    """A URL that Meta can be given as `field`.

    Raises:
        ApiError: 400.

    """
    if not is_web_address(value):
        raise bad_request(f"{field} must be an http(s) URL.")
    return value


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _refuse_uncarriable(value: Any) -> None:  # noqa: ANN401 - whatever JSON holds
    """Neither NUL nor half a surrogate pair can be stored or sent to Meta."""
    match value:
        case str():
            if _UNCARRIABLE.search(value):
                raise ValueError("uncarriable text")
        case list():
            for item in value:
                _refuse_uncarriable(item)
        case dict():
            for key, item in value.items():
                _refuse_uncarriable(key)
                _refuse_uncarriable(item)
