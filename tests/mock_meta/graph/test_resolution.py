"""What a call names is looked up once, and all of it."""

import json
from typing import Any

import pytest

from mock_meta.business.accounts import Accounts
from mock_meta.graph.resolution import resolve
from mock_meta.graph.routes import NodeKind, ResolvedCall
from mock_meta.protocol.call import read_call
from mock_meta.simulation.behaviour import Behaviour
from mock_meta.simulation.faults import Faults
from tests.mock_meta.inside import GROUP, PERSON, PHONE, TOKEN, WABA, Inside

RESET = "99900040444"
"""A magic recipient: the connection is reset, the message not accepted."""


def resolved(inside: Inside, method: str, path: str, body: dict[str, Any] | None = None) -> ResolvedCall:
    headers = [(b"authorization", f"Bearer {TOKEN}".encode()), (b"content-type", b"application/json")]
    scope = {"method": method, "path": f"/v21.0/{path}", "query_string": b"", "headers": headers, "scheme": "http"}
    return resolve(inside.app.mock, read_call(scope, json.dumps(body).encode() if body else b""))


@pytest.mark.parametrize(
    ("method", "path", "kind", "operation"),
    [
        ("POST", f"{PHONE}/messages", NodeKind.PHONE, "messages.send"),
        ("GET", PHONE, NodeKind.PHONE, "phone.get"),
        ("GET", WABA, NodeKind.WABA, "waba.get"),
        ("GET", GROUP, NodeKind.GROUP, "groups.get"),
        ("GET", "670843887433847", NodeKind.APP, "app.get"),
        ("GET", "me", NodeKind.CREDENTIAL, "tokens.look"),
        ("POST", "1/messages", None, "messages.send"),
        ("POST", f"{PHONE}/messages/more", NodeKind.PHONE, "unknown"),
        ("GET", f"{WABA}/nothing", NodeKind.WABA, "unknown"),
        ("POST", "1/media", None, "media.upload"),
    ],
)
def test_node_and_operation(inside: Inside, method: str, path: str, kind: NodeKind | None, operation: str) -> None:
    call = resolved(inside, method, path)
    assert (call.node.kind if call.node else None, call.operation) == (kind, operation)
    assert (call.route is not None) == (kind is not None and operation != "unknown")


def test_a_read_receipt_is_no_send(inside: Inside) -> None:
    assert resolved(inside, "POST", f"{PHONE}/messages", {"status": "read"}).operation == "messages.read"


def test_a_magic_recipients_fault_gives_way_to_an_armed_one_and_to_a_script(inside: Inside) -> None:
    call = resolved(inside, "POST", f"{PHONE}/messages", {"to": f"+{RESET}"})
    assert call.magic is not None
    assert call.fault is call.magic.fault
    armed = inside.control("POST", "/faults", {"delay": 1, "times": 1})["id"]
    call = resolved(inside, "POST", f"{PHONE}/messages", {"to": RESET})
    assert call.fault is not None
    assert call.fault.id == armed
    inside.control("POST", "/behaviour/recipients", {"to": [RESET], "script": []})
    call = resolved(inside, "POST", f"{PHONE}/messages", {"to": RESET})
    assert (call.magic, call.fault) == (None, None)


def test_a_send_looks_everything_up_once(inside: Inside, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_up: list[str] = []

    def counted(owner: type, name: str) -> None:
        real = getattr(owner, name)

        def count(*values: Any) -> Any:
            looked_up.append(name)
            return real(*values)

        monkeypatch.setattr(owner, name, count)

    for owner, name in ((Accounts, "caller"), (Accounts, "of_phone"), (Faults, "take"), (Behaviour, "has_script")):
        counted(owner, name)
    inside.send(to=PERSON)
    assert sorted(looked_up) == ["caller", "has_script", "of_phone", "take"]
