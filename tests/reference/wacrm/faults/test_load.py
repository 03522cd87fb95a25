"""Load faults are faults of the same kind, apart from the gate's; who asks for one thing at a time does not see them."""

from __future__ import annotations

import re

import pytest

from reference.wacrm.faults import FAULTS, LOAD_FAULTS, find
from tests.reference.wacrm.conftest import deployed, says


def test_no_name_is_used_twice() -> None:
    assert not set(FAULTS) & set(LOAD_FAULTS)
    assert len(LOAD_FAULTS) >= 10
    assert all(find(name) is fault for name, fault in LOAD_FAULTS.items())


def test_every_fault_says_what_it_stands_for() -> None:
    for fault in LOAD_FAULTS.values():
        assert 15 < len(fault.defect) < 140
        assert re.fullmatch(r"[a-z0-9-]+", fault.name)


@pytest.mark.parametrize("name", LOAD_FAULTS)
def test_one_thing_at_a_time_goes_well(name: str) -> None:
    with deployed(name) as wacrm:
        first = wacrm.send("+14155550101")
        second = wacrm.send("+14155550102")
        assert {body["to"] for body in wacrm.meta.asked} == {"14155550101", "14155550102"}
        wacrm.statuses((first["whatsapp_message_id"], "read"))
        wacrm.inbound(says("hi", "wamid.in"))
        wacrm.settle()
        assert wacrm.messages(first["conversation_id"])[0]["status"] in {"read", "received"}
        assert second["conversation_id"] != first["conversation_id"]
        listed = wacrm.get("/conversations", limit=1).json()
        rest = wacrm.get("/conversations", limit=50, cursor=listed["meta"]["next_cursor"]).json()["data"]
        ids = [row["id"] for row in (*listed["data"], *rest)]
        assert len(set(ids)) == len(ids) >= 2
