"""``GET /debug_token``: what a token is good for; ``GET /me``: whose it is (Graph's own pages)."""

from mock_meta.business.accounts import Account
from mock_meta.business.apps import App, TokenState
from mock_meta.graph.routes import NodeKind, ResolvedCall, Route
from mock_meta.mock import Mock
from mock_meta.protocol.answer import Answer, ok
from mock_meta.protocol.errors import ErrorBody, GraphError
from mock_meta.protocol.fields import select
from mock_meta.rules.value_checks import text_at

_DEBUG, _ME = "debug_token", "me"
TOKEN_NODES = frozenset({_DEBUG, _ME})
_USER = "100012345678901"
_SCOPES = ("whatsapp_business_management", "whatsapp_business_messaging")
_LONGEST, _BAD_TOKEN = 4096, 190


def look(mock: Mock, call: ResolvedCall) -> Answer:
    return _me(call) if call.node_id == _ME else _debug(mock, call)


def _me(call: ResolvedCall) -> Answer:
    """The system user whom the token was made for."""
    if call.caller.served:
        text = "An active access token must be used to query information about the current user."
        raise GraphError(ErrorBody(2500, text, 400))
    user = {"name": f"{call.app.name} system user", "id": _USER}
    return ok(select(user, call.query.get("fields"), ("name", "id")))


def _debug(mock: Mock, call: ResolvedCall) -> Answer:
    """A token of another app is as unknown as one that nobody issued."""
    token = text_at(call.query, "input_token", "", _LONGEST)
    asked = mock.accounts.caller(token)
    accounts = [one for one in asked.accounts if asked.app_in(one).id == call.app.id]
    if accounts and asked.token_state is TokenState.VALID:
        return ok({"data": _good(accounts, asked.app_in(accounts[0]))})
    app_id = call.app.id if accounts else None
    error = {"code": _BAD_TOKEN, "message": "Invalid OAuth access token."}
    found: dict[str, object] = {"app_id": app_id, "error": error, "is_valid": False, "scopes": []}
    return ok({"data": {name: value for name, value in found.items() if value is not None}})


def _good(accounts: list[Account], app: App) -> dict[str, object]:
    ids = [account.waba_id for account in accounts]
    return {
        "app_id": app.id,
        "type": "SYSTEM_USER",
        "application": app.name,
        "data_access_expires_at": 0,
        "expires_at": 0,
        "is_valid": True,
        "scopes": list(_SCOPES),
        "granular_scopes": [{"scope": scope, "target_ids": ids} for scope in _SCOPES],
    }


routes = (Route("GET", NodeKind.CREDENTIAL, "", "tokens.look", look),)
