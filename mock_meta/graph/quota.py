"""The quota of calls per hour: counting a call, and the headers that tell what is gone of it (fact sheet 14.4)."""

import json
from typing import Any

import msgspec

from mock_meta.business.accounts import Account
from mock_meta.graph.routes import NodeKind, ResolvedCall
from mock_meta.mock import Mock
from mock_meta.protocol.answer import Answer
from mock_meta.simulation.limits import Usage


def charge(mock: Mock, call: ResolvedCall) -> None:
    """Counts a call that was admitted, unless it is a send. Raises GraphError 80008 or 4 (14.4)."""
    if _is_management(call):
        mock.limits.check_management(call.account, mock.clock())
    elif call.at.edge != "messages":
        mock.limits.check_app(call.account, mock.clock())


def with_usage(mock: Mock, call: ResolvedCall, answer: Answer) -> Answer:
    """The answer with the usage of the WABA for management, else of the app; as it is for sends and while the limit is off."""
    if call.at.edge == "messages":
        return answer
    limits, now, managing = mock.limits, mock.clock(), _is_management(call)
    usage = limits.management_usage(call.account, now) if managing else limits.app_usage(call.account, now)
    if usage is None:
        return answer
    name, told = _of_waba(call.account, usage) if managing else ("x-app-usage", _share(usage))
    return msgspec.structs.replace(answer, headers={**answer.headers, name: json.dumps(told)})


def _is_management(call: ResolvedCall) -> bool:
    return call.node is not None and call.node.kind is NodeKind.WABA


def _share(usage: Usage) -> dict[str, Any]:
    return {"call_count": usage.percent, "total_cputime": 1, "total_time": 1}


def _of_waba(account: Account, usage: Usage) -> tuple[str, dict[str, Any]]:
    regained = {"estimated_time_to_regain_access": usage.minutes}
    share = {"type": "whatsapp_business_management", **_share(usage), **regained}
    return "x-business-use-case-usage", {account.waba_id: [share]}
