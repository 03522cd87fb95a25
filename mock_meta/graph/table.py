"""All routes of the imitated Graph API, and the object an id in a path names."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from types import MappingProxyType

from mock_meta.business.accounts import TokenState
from mock_meta.graph import (
    accounts,
    apps,
    block_users,
    business_profile,
    groups,
    media,
    messages,
    overrides,
    phone_numbers,
    registration,
    subscribed_apps,
    subscriptions,
    template_changes,
    templates,
    tokens,
    uploads,
)
from mock_meta.graph.routes import Node, NodeKind, Route
from mock_meta.mock import Mock
from mock_meta.protocol.call import Call
from mock_meta.protocol.errors import (
    GRAPH_METHOD,
    ErrorBody,
    GraphError,
    error_body,
    invalid,
    unknown_alias,
    unknown_object,
    unknown_path,
    unsupported_request,
)
from mock_meta.protocol.signature import sign_sha256

_ROUTES: Mapping[tuple[NodeKind, str, str], Route] = MappingProxyType(
    {
        (route.kind, route.method, route.edge): route
        for routes in (
            messages.routes,
            phone_numbers.routes,
            media.routes,
            subscribed_apps.routes,
            templates.routes,
            template_changes.routes,
            accounts.routes,
            registration.routes,
            overrides.routes,
            apps.routes,
            subscriptions.routes,
            tokens.routes,
            business_profile.routes,
            block_users.routes,
            groups.routes,
            uploads.routes,
        )
        for route in routes
    }
)
_OPERATIONS: Mapping[tuple[str, str], str] = MappingProxyType(
    {(route.method, route.edge): route.operation for route in _ROUTES.values() if route.edge}
)
OPERATIONS = frozenset(
    {route.operation for route in _ROUTES.values()} | {"messages.send", "messages.read", "media.download", "unknown"}
)
MESSAGES = "messages"
_TOKEN = re.compile(r"[\w.|-]+", re.ASCII)
_MALFORMED = "Malformed access token"  # Meta repeats the token here, which the ledger must not hold.
_WRONG_PROOF = "Invalid appsecret_proof provided in the API argument"
_METHODS = frozenset({"GET", "POST", "DELETE"})
_EXPIRED = "Error validating access token: Session has expired on {}. The current time is {}."
_EXPIRED_SINCE = 3600.0
_PACIFIC = timezone(timedelta(hours=-7), "PDT")
_INVALIDATED = (
    "Error validating access token: The session has been invalidated because the user changed their password or "
    "Facebook has changed the session for security reasons."
)


def find_node(mock: Mock, call: Call) -> Node | None:
    """The object behind the path's id, whoever asks."""
    node_id = call.at.node
    account = mock.accounts.of_phone(node_id)
    if account is not None:
        return Node(NodeKind.PHONE, node_id, account, phone=account.phones[node_id])
    account = mock.accounts.waba(node_id)
    if account is not None:
        return Node(NodeKind.WABA, node_id, account)
    return _find_rare(mock, node_id, call.credential.token)


def _find_rare(mock: Mock, node_id: str, token: str | None) -> Node | None:
    if node_id in tokens.NODES:
        asking = mock.accounts.of_token(token or "") or mock.accounts.of_app_token(token or "")
        return Node(NodeKind.CREDENTIAL, node_id, asking[0]) if asking else None
    file = mock.media.find(node_id, mock.clock())
    owner = mock.accounts.waba(file.waba_id) if file else None
    if file is not None and owner is not None:
        return Node(NodeKind.MEDIA, node_id, owner, media=file)
    account = mock.accounts.of_template(node_id)
    if account is not None:
        return Node(NodeKind.TEMPLATE, node_id, account, template=account.templates[node_id])
    account = mock.accounts.of_group(node_id)
    if account is not None:
        return Node(NodeKind.GROUP, node_id, account)
    session = mock.uploads.find(node_id)
    account = mock.accounts.of_app(session.app_id if session else node_id, token)
    kind = NodeKind.UPLOAD if session else NodeKind.APP
    return Node(kind, node_id, account) if account is not None else None


def find_route(call: Call, node: Node | None) -> Route | None:
    return _ROUTES.get((node.kind, call.method, call.at.edge)) if node is not None else None


def operation_of(call: Call, node: Node | None, route: Route | None) -> str:
    """The operation's name, also for calls on objects that do not exist."""
    if call.at.node == media.DOWNLOAD_NODE:
        return "media.download"
    if call.at.edge == "messages" and call.method == "POST" and not call.at.extra:
        return "messages.read" if messages.is_receipt(call) else "messages.send"
    if route is not None and not call.at.extra:
        return route.operation
    if node is None and not call.at.extra:
        return _OPERATIONS.get((call.method, call.at.edge), "unknown")
    return "unknown"


def admit(mock: Mock, call: Call, node: Node | None, route: Route | None) -> tuple[Node, Route]:
    """Path, token, then whether the token sees the object (5.5). Raises GraphError."""
    if call.at.extra:
        raise unknown_path(f"{call.at.edge}/{call.at.extra}" if call.at.edge else call.at.extra)
    if call.method not in _METHODS or not call.at.node:
        raise unsupported_request(call.method)
    check_token(mock, call)
    if node is None or not _sees(mock, call.credential.token or "", node):
        raise _invisible(call)
    if route is None:
        raise _no_such_edge(call, node)
    return node, route


def charge(mock: Mock, call: Call, node: Node) -> None:
    """Counts a call that was admitted, unless it is a send. Raises GraphError 80008 or 4 (14.4)."""
    if node.kind is NodeKind.WABA:
        mock.limits.check_management(node.account, mock.clock())
    elif call.at.edge != MESSAGES:
        mock.limits.check_app(node.account, mock.clock())


def _sees(mock: Mock, token: str, node: Node) -> bool:
    """A token opens its accounts; an app's own token opens the app alone, and what is known of tokens."""
    visible = mock.accounts.of_token(token)
    if not visible and node.kind in {NodeKind.APP, NodeKind.CREDENTIAL}:
        visible = mock.accounts.of_app_token(token)
    return any(one is node.account for one in visible)


def check_token(mock: Mock, call: Call) -> None:
    """Raises 104 without a token, 190 for one nobody issued or that is no longer good (3.2), 100 for a wrong proof."""
    token, proof = call.credential.token, call.credential.proof
    if token is None:
        raise GraphError(error_body(104))
    accounts = mock.accounts.of_token(token) or mock.accounts.of_app_token(token)
    if not accounts:
        raise GraphError(error_body(190, message=None if _TOKEN.fullmatch(token) else _MALFORMED))
    if proof is not None and f"sha256={proof}" != sign_sha256(accounts[0].app_of(token).app_secret, token.encode()):
        raise GraphError(ErrorBody(100, _WRONG_PROOF, 400, kind=GRAPH_METHOD))
    state = mock.accounts.state_of(token)
    if state is TokenState.EXPIRED:
        raise GraphError(ErrorBody(190, _expired(mock.clock()), 401, subcode=463))
    if state is TokenState.INVALIDATED:
        raise GraphError(ErrorBody(190, _INVALIDATED, 401, subcode=460))


def _expired(now: float) -> str:
    """An hour ago; times as ``Monday, 19-Jun-23 06:29:46 PDT``, also in winter (3.2)."""
    times = (datetime.fromtimestamp(one, _PACIFIC) for one in (now - _EXPIRED_SINCE, now))
    return _EXPIRED.format(*(f"{one:%A, %d-%b-%y %H:%M:%S %Z}" for one in times))


def _invisible(call: Call) -> GraphError:
    name = call.at.node
    if call.method == "GET" and not name.isdecimal() and ":" not in name:
        return unknown_alias(name)
    return unknown_object(call.method, name)


def _no_such_edge(call: Call, node: Node) -> GraphError:
    """A GET takes an edge for a field; other methods tell an edge of other nodes from one that Graph does not have."""
    edge = call.at.edge
    if call.method == "GET" and edge not in {known for kind, _, known in _ROUTES if kind is node.kind}:
        return invalid(f"Tried accessing nonexisting field ({edge})")
    if edge not in {known for _, _, known in _ROUTES}:
        return unknown_path(edge)
    return unknown_object(call.method, node.id)
