"""``GET /debug_token``: what a token is good for (Graph's own page)."""

from mock_meta.accounts import Account, TokenState
from mock_meta.answer import Answer, ok
from mock_meta.call import Call
from mock_meta.graph.routes import Node, NodeKind, Route
from mock_meta.mock import Mock
from mock_meta.rules.shape import text_at

DEBUG_NODE = "debug_token"
_SCOPES = ("whatsapp_business_management", "whatsapp_business_messaging")
_LONGEST, _BAD_TOKEN = 4096, 190


def debug(mock: Mock, call: Call, _node: Node) -> Answer:
    """A token of another app is as unknown as one that nobody issued."""
    token = text_at(call.query, "input_token", "", _LONGEST)
    accounts = mock.accounts.of_token(token)
    if accounts and accounts[0].token_state is TokenState.VALID:
        return ok({"data": _good(accounts)})
    app_id = accounts[0].app_id if accounts else None
    error = {"code": _BAD_TOKEN, "message": "Invalid OAuth access token."}
    found: dict[str, object] = {"app_id": app_id, "error": error, "is_valid": False, "scopes": []}
    return ok({"data": {name: value for name, value in found.items() if value is not None}})


def _good(accounts: list[Account]) -> dict[str, object]:
    ids = [account.waba_id for account in accounts]
    return {
        "app_id": accounts[0].app_id,
        "type": "SYSTEM_USER",
        "application": accounts[0].name,
        "data_access_expires_at": 0,
        "expires_at": 0,
        "is_valid": True,
        "scopes": list(_SCOPES),
        "granular_scopes": [{"scope": scope, "target_ids": ids} for scope in _SCOPES],
    }


routes = (Route("GET", NodeKind.CREDENTIAL, "", "tokens.debug", debug),)
