"""What a Graph route is, and what a call is when everything that it names has been looked up."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum

import msgspec

from mock_meta.business.accounts import Account, Caller, Group, PhoneNumber, Template
from mock_meta.business.apps import App
from mock_meta.business.media import Media
from mock_meta.business.uploads import Session
from mock_meta.mock import Mock
from mock_meta.protocol.answer import Answer
from mock_meta.protocol.call import Call
from mock_meta.simulation.faults import Fault
from mock_meta.simulation.magic_numbers import Magic


class NodeKind(StrEnum):
    PHONE = "phone number"
    WABA = "WhatsApp Business Account"
    TEMPLATE = "template"
    MEDIA = "media"
    APP = "app"
    UPLOAD = "upload session"
    GROUP = "group"
    CREDENTIAL = "credential"


class Node(msgspec.Struct, frozen=True, gc=False):
    """The object a path names, with the account it belongs to."""

    kind: NodeKind
    account: Account
    phone: PhoneNumber | None = None
    template: Template | None = None
    media: Media | None = None
    group: Group | None = None
    upload: Session | None = None


class ResolvedCall(Call, frozen=True, gc=False, kw_only=True):
    """A call with everything that it names, looked up once (``resolution.resolve``) and passed on from there.

    ``node`` is the object behind the path's id, whoever asks, and ``route`` what can be done with it: None where there is
    no such thing, which admission refuses before any handler sees the call. ``to`` is the recipient as sent. ``magic`` is
    what a magic recipient stands for, None where a script says otherwise. ``fault`` is what is to go wrong.
    """

    caller: Caller
    node: Node | None
    route: "Route | None"
    operation: str
    phone_number_id: str | None
    to: str | None
    type: str | None
    magic: Magic | None
    fault: Fault | None

    @property
    def node_id(self) -> str:
        return self.at.node

    @property
    def account(self) -> Account:
        assert self.node is not None
        return self.node.account

    @property
    def app(self) -> App:
        """The app whose token came with the call."""
        return self.caller.app_in(self.account)

    @property
    def phone(self) -> PhoneNumber:
        """The phone number that a PHONE node is."""
        assert self.node is not None
        assert self.node.phone is not None
        return self.node.phone

    @property
    def template(self) -> Template:
        """The template that a TEMPLATE node is."""
        assert self.node is not None
        assert self.node.template is not None
        return self.node.template


Handler = Callable[[Mock, ResolvedCall], Answer]
Check = Callable[[Mock, ResolvedCall], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Route:
    """``edge`` is empty for the node itself. ``before`` is what Meta finds out elsewhere first; it raises GraphError."""

    method: str
    kind: NodeKind
    edge: str
    operation: str
    handler: Handler
    before: Check | None = None
