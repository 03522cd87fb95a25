"""``/{phone_number_id}/block_users``: people who may not write to the number, and are not written to (Meta's block users API)."""

from collections.abc import Iterable
from typing import Any

from mock_meta.graph.routes import NodeKind, ResolvedCall, Route
from mock_meta.mock import Mock
from mock_meta.protocol.answer import Answer, ok
from mock_meta.protocol.errors import error_body, invalid, webhook_error
from mock_meta.protocol.numbers import digits_of, is_user_id, whatsapp_id
from mock_meta.protocol.paging import paginated
from mock_meta.rules.message import check_product
from mock_meta.rules.value_checks import array_at, as_object, only
from mock_meta.simulation.conversations import Pair

_MOST, _DAY = 64_000, 86400.0
_PARTLY = "Failed to block some users, see the block_users response list for details"


def list_blocked(mock: Mock, call: ResolvedCall) -> Answer:
    blocked = [person for number, person in mock.conversations.blocked if number == call.node_id]
    return ok(paginated(call, [{"messaging_product": "whatsapp", _known_as(person): person} for person in blocked]))


def block(mock: Mock, call: ResolvedCall) -> Answer:
    """Only people who wrote to the number within the last day can be blocked; the others are told one by one."""
    asked = dict(_asked(call))
    added = [given for given, person in asked.items() if _may_block(mock, (call.node_id, person))]
    for given in added:
        mock.conversations.blocked[(call.node_id, asked[given])] = None
    failed = [given for given in asked if given not in added]
    return _answer(asked, {"added_users": added}, failed)


def unblock(mock: Mock, call: ResolvedCall) -> Answer:
    asked = dict(_asked(call))
    for person in asked.values():
        mock.conversations.blocked.pop((call.node_id, person), None)
    return _answer(asked, {"removed_users": list(asked)}, [])


def _may_block(mock: Mock, pair: Pair) -> bool:
    return len(mock.conversations.blocked) < _MOST and mock.conversations.window_open(pair, mock.clock(), _DAY)


def _asked(call: ResolvedCall) -> Iterable[tuple[str, str]]:
    """Each person as given, and who that is."""
    check_product(call.params)
    for index, value in enumerate(array_at(call.params, "block_users", "")):
        param = f"block_users[{index}]"
        user = as_object(value, param)
        only(user, {"user", "user_id"}, param)
        given = user.get("user") or user.get("user_id")
        person = given if isinstance(given, str) and is_user_id(given) else digits_of(str(given))
        if person is None:
            raise invalid(f"Param {param}['user'] must be a phone number.")
        yield str(given), whatsapp_id(person)


def _answer(asked: dict[str, str], done: dict[str, list[str]], failed: list[str]) -> Answer:
    users: dict[str, Any] = {
        name: [{"input": given, _known_as(asked[given]): asked[given]} for given in people]
        for name, people in done.items()
    }
    document: dict[str, Any] = {"messaging_product": "whatsapp", "block_users": users}
    if failed:
        error = webhook_error(131047, title="Re-engagement required")
        del error["title"]
        users["failed_users"] = [
            {"input": given, _known_as(asked[given]): asked[given], "errors": [error]} for given in failed
        ]
        whole = error_body(139100)
        document["errors"] = {
            "message": whole.message,
            "type": whole.kind,
            "code": whole.code,
            "error_data": {"details": _PARTLY},
        }
    return ok(document)


def _known_as(person: str) -> str:
    return "user_id" if is_user_id(person) else "wa_id"


routes = (
    Route("GET", NodeKind.PHONE, "block_users", "blocked.list", list_blocked),
    Route("POST", NodeKind.PHONE, "block_users", "blocked.add", block),
    Route("DELETE", NodeKind.PHONE, "block_users", "blocked.delete", unblock),
)
