"""``GET /debug_token``: what a token is good for; ``GET /me``: whose it is (Graph's own pages)."""

from mock_meta.business.accounts import Account, TokenState
from mock_meta.graph.routes import Node, NodeKind, Route
from mock_meta.mock import Mock
from mock_meta.protocol.answer import Answer, ok
from mock_meta.protocol.call import Call
from mock_meta.protocol.errors import ErrorBody, GraphError
from mock_meta.protocol.fields import select
from mock_meta.rules.shape import text_at

_DEBUG, _ME = "debug_token", "me"
NODES = frozenset({_DEBUG, _ME})
_USER = "100012345678901"
_SCOPES = ("whatsapp_business_management", "whatsapp_business_messaging")
_LONGEST, _BAD_TOKEN = 4096, 190


def look(mock: Mock, call: Call, node: Node) -> Answer:
    return _me(mock, call, node) if node.id == _ME else _debug(mock, call, node)


def _me(mock: Mock, call: Call, node: Node) -> Answer:
    """The system user whom the token was made for."""
    if mock.accounts.of_app_token(call.credential.token or ""):
        text = "An active access token must be used to query information about the current user."
        raise GraphError(ErrorBody(2500, text, 400))
    user = {"name": f"{node.account.app_of(call.credential.token).name} system user", "id": _USER}
    return ok(select(user, call.query.get("fields"), ("name", "id")))


def _debug(mock: Mock, call: Call, node: Node) -> Answer:
    """A token of another app is as unknown as one that nobody issued."""
    token = text_at(call.query, "input_token", "", _LONGEST)
    asking = node.account.app_id_of(call.credential.token)
    accounts = [one for one in mock.accounts.of_token(token) if one.app_id_of(token) == asking]
    if accounts and mock.accounts.state_of(token) is TokenState.VALID:
        return ok({"data": _good(accounts, token)})
    app_id = asking if accounts else None
    error = {"code": _BAD_TOKEN, "message": "Invalid OAuth access token."}
    found: dict[str, object] = {"app_id": app_id, "error": error, "is_valid": False, "scopes": []}
    return ok({"data": {name: value for name, value in found.items() if value is not None}})


def _good(accounts: list[Account], token: str) -> dict[str, object]:
    ids = [account.waba_id for account in accounts]
    return {
        "app_id": accounts[0].app_id_of(token),
        "type": "SYSTEM_USER",
        "application": accounts[0].app_of(token).name,
        "data_access_expires_at": 0,
        "expires_at": 0,
        "is_valid": True,
        "scopes": list(_SCOPES),
        "granular_scopes": [{"scope": scope, "target_ids": ids} for scope in _SCOPES],
    }


routes = (Route("GET", NodeKind.CREDENTIAL, "", "tokens.look", look),)
