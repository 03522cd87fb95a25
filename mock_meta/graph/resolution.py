"""From a parsed call to a resolved one: every object, name and fault that it stands for is looked up here, and only here."""

import msgspec

from mock_meta.business.accounts import Caller
from mock_meta.graph.routes import Node, NodeKind, ResolvedCall, Route
from mock_meta.graph.table import DOWNLOAD, OPERATION_BY_EDGE, READ, ROUTES, SEND, UNKNOWN
from mock_meta.graph.tokens import TOKEN_NODES
from mock_meta.mock import Mock
from mock_meta.protocol.call import DOWNLOAD_NODE, Call
from mock_meta.protocol.numbers import digits_of
from mock_meta.simulation.faults import CallTraits
from mock_meta.simulation.magic_numbers import find_magic


def resolve(mock: Mock, call: Call) -> ResolvedCall:
    """Look everything up. A fault that is found counts as fired: of those armed the first that matches, else a magic one."""
    caller = mock.accounts.caller(call.credential.token)
    node = _find_node(mock, call.at.node, caller)
    route = ROUTES.get((node.kind, call.method, call.at.edge)) if node is not None and not call.at.extra else None
    operation = _operation(call, node, route)
    phone_number_id = call.at.node if call.at.edge == "messages" or (node and node.phone) else None
    to, kind = _recipient(call), _message_type(call) if operation == SEND else None
    digits = digits_of(to) if to else None
    magic = find_magic(digits) if operation == SEND and not mock.behaviour.has_script(digits) else None
    armed = mock.faults.take(CallTraits(operation, phone_number_id, digits or to, kind))
    return ResolvedCall(
        *msgspec.structs.astuple(call),
        caller=caller,
        node=node,
        route=route,
        operation=operation,
        phone_number_id=phone_number_id,
        to=to,
        type=kind,
        magic=magic,
        fault=magic.fault if armed is None and magic is not None else armed,
    )


def _find_node(mock: Mock, node_id: str, caller: Caller) -> Node | None:
    """The object behind the path's id, whoever asks."""
    account = mock.accounts.of_phone(node_id)
    if account is not None:
        return Node(NodeKind.PHONE, account, phone=account.phones[node_id])
    account = mock.accounts.waba(node_id)
    if account is not None:
        return Node(NodeKind.WABA, account)
    return _find_rare(mock, node_id, caller)


def _find_rare(mock: Mock, node_id: str, caller: Caller) -> Node | None:
    if node_id in TOKEN_NODES:
        known = caller.accounts or caller.served
        return Node(NodeKind.CREDENTIAL, known[0]) if known else None
    file = mock.media.find(node_id, mock.clock())
    owner = mock.accounts.waba(file.waba_id) if file else None
    if file is not None and owner is not None:
        return Node(NodeKind.MEDIA, owner, media=file)
    account = mock.accounts.of_template(node_id)
    if account is not None:
        return Node(NodeKind.TEMPLATE, account, template=account.templates[node_id])
    found = mock.accounts.group(node_id)
    if found is not None:
        return Node(NodeKind.GROUP, found[0], group=found[1])
    session = mock.uploads.find(node_id)
    account = caller.account_of_app(session.app_id if session else node_id)
    kind = NodeKind.UPLOAD if session else NodeKind.APP
    return Node(kind, account, upload=session) if account is not None else None


def _operation(call: Call, node: Node | None, route: Route | None) -> str:
    """The operation's name, also for calls on objects that do not exist."""
    if call.at.node == DOWNLOAD_NODE:
        return DOWNLOAD
    if call.at.extra:
        return UNKNOWN
    if call.at.edge == "messages" and call.method == "POST":
        return SEND if call.params.get("status") is None else READ
    if route is not None:
        return route.operation
    return OPERATION_BY_EDGE.get((call.method, call.at.edge), UNKNOWN) if node is None else UNKNOWN


def _recipient(call: Call) -> str | None:
    """``to`` as sent, numbers as text; the user id where there is none."""
    recipient = call.params.get("to") or call.params.get("recipient")
    return str(recipient) if isinstance(recipient, str | int) else None


def _message_type(call: Call) -> str | None:
    """The message type of a send; Meta's default is text."""
    kind = call.params.get("type", "text")
    return kind if isinstance(kind, str) else None
