"""Whether Meta takes a call at all: its path, its token, and what the token sees (fact sheet 3.2, 5.5)."""

import re
from datetime import datetime, timedelta, timezone

from mock_meta.business.accounts import Caller
from mock_meta.business.apps import TokenState
from mock_meta.graph.routes import Node, NodeKind, ResolvedCall, Route
from mock_meta.graph.table import ROUTES
from mock_meta.mock import Mock
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


def admit(mock: Mock, call: ResolvedCall) -> Route:
    """Path, token, then whether the token sees the object (5.5). Raises GraphError."""
    if call.at.extra:
        raise unknown_path(f"{call.at.edge}/{call.at.extra}" if call.at.edge else call.at.extra)
    if call.method not in _METHODS or not call.at.node:
        raise unsupported_request(call.method)
    _check_token(mock, call)
    if call.node is None or not _sees(call.caller, call.node):
        raise _invisible(call)
    if call.route is None:
        raise _no_such_edge(call, call.node)
    return call.route


def _check_token(mock: Mock, call: ResolvedCall) -> None:
    """Raises 104 without a token, 190 for one nobody issued or that is no longer good (3.2), 100 for a wrong proof."""
    token, proof, app = call.credential.token, call.credential.proof, call.caller.app
    if token is None:
        raise GraphError(error_body(104))
    if app is None:
        raise GraphError(error_body(190, message=None if _TOKEN.fullmatch(token) else _MALFORMED))
    if proof is not None and f"sha256={proof}" != sign_sha256(app.app_secret, token.encode()):
        raise GraphError(ErrorBody(100, _WRONG_PROOF, 400, kind=GRAPH_METHOD))
    state = call.caller.token_state
    if state is TokenState.EXPIRED:
        raise GraphError(ErrorBody(190, _expired(mock.clock()), 401, subcode=463))
    if state is TokenState.INVALIDATED:
        raise GraphError(ErrorBody(190, _INVALIDATED, 401, subcode=460))


def _sees(caller: Caller, node: Node) -> bool:
    """A token opens its accounts; an app's own token opens the app alone, and what is known of tokens."""
    visible = caller.accounts
    if not visible and node.kind in {NodeKind.APP, NodeKind.CREDENTIAL}:
        visible = caller.served
    return node.account in visible


def _expired(now: float) -> str:
    """An hour ago; times as ``Monday, 19-Jun-23 06:29:46 PDT``, also in winter (3.2)."""
    times = (datetime.fromtimestamp(one, _PACIFIC) for one in (now - _EXPIRED_SINCE, now))
    return _EXPIRED.format(*(f"{one:%A, %d-%b-%y %H:%M:%S %Z}" for one in times))


def _invisible(call: ResolvedCall) -> GraphError:
    name = call.at.node
    if call.method == "GET" and not name.isdecimal() and ":" not in name:
        return unknown_alias(name)
    return unknown_object(call.method, name)


def _no_such_edge(call: ResolvedCall, node: Node) -> GraphError:
    """A GET takes an edge for a field; other methods tell an edge of other nodes from one that Graph does not have."""
    edge = call.at.edge
    if call.method == "GET" and edge not in {known for kind, _, known in ROUTES if kind is node.kind}:
        return invalid(f"Tried accessing nonexisting field ({edge})")
    if edge not in {known for _, _, known in ROUTES}:
        return unknown_path(edge)
    return unknown_object(call.method, call.at.node)
