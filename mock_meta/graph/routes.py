"""How a Graph route is declared: the kind of node, the edge, and the operation's name in the ledger."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum

import msgspec

from mock_meta.business.accounts import Account, PhoneNumber, Template
from mock_meta.business.media import Media
from mock_meta.mock import Mock
from mock_meta.protocol.answer import Answer
from mock_meta.protocol.call import Call


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
    id: str
    account: Account
    phone: PhoneNumber | None = None
    template: Template | None = None
    media: Media | None = None


Handler = Callable[[Mock, Call, Node], Answer]
Check = Callable[[Mock, Call, Node], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Route:
    """``edge`` is empty for the node itself. ``before`` is what Meta finds out elsewhere first; it raises GraphError."""

    method: str
    kind: NodeKind
    edge: str
    operation: str
    handler: Handler
    before: Check | None = None


def phone_of(node: Node) -> PhoneNumber:
    """The phone number of a PHONE node."""
    assert node.phone is not None
    return node.phone
