"""Groups of a number: their list and each of them (Meta's groups API; fact sheet 16.1). They are made by the control."""

from typing import Any

from mock_meta.business.accounts import Account, Group
from mock_meta.business.user_ids import user_id
from mock_meta.graph.routes import NodeKind, ResolvedCall, Route
from mock_meta.mock import Mock
from mock_meta.protocol.answer import Answer, ok
from mock_meta.protocol.fields import select
from mock_meta.protocol.paging import paginated

DEFAULT_FIELDS = ("id", "subject")


def group_node(account: Account, group: Group) -> dict[str, Any]:
    """Every field the node has."""
    people = [{"wa_id": person, "user_id": user_id(account, person)} for person in group.participants]
    return {
        "id": group.id,
        "subject": group.subject,
        "description": group.description,
        "creation_timestamp": str(int(group.created_at)),
        "suspended": False,
        "total_participant_count": len(people),
        "participants": people,
        "join_approval_mode": "auto_approve",
    }


def list_groups(_mock: Mock, call: ResolvedCall) -> Answer:
    fields = call.query.get("fields")
    rows = [group_node(call.account, group) for group in call.phone.groups.values()]
    return ok(paginated(call, [select(row, fields, tuple(row)) for row in rows]))


def get_group(_mock: Mock, call: ResolvedCall) -> Answer:
    assert call.node is not None
    assert call.node.group is not None
    return ok(select(group_node(call.account, call.node.group), call.query.get("fields"), DEFAULT_FIELDS))


routes = (
    Route("GET", NodeKind.PHONE, "groups", "groups.list", list_groups),
    Route("GET", NodeKind.GROUP, "", "groups.get", get_group),
)
