from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.reference.wacrm.conftest import says

if TYPE_CHECKING:
    from tests.reference.wacrm.conftest import Deployment

NOTICES: tuple[dict[str, Any], ...] = (
    {"type": "reaction", "reaction": {"message_id": "wamid.in1", "emoji": "+"}},
    {"type": "edit", "edit": {"original_message_id": "wamid.in1", "message": {"text": {"body": "new"}}}},
    {"type": "revoke", "revoke": {"original_message_id": "wamid.in1"}},
    {"type": "system", "system": {"body": "changed", "type": "user_changed_number"}},
)


@pytest.mark.parametrize("notice", NOTICES, ids=lambda notice: str(notice["type"]))
def test_a_notice_is_no_message(wacrm: Deployment, notice: dict[str, Any]) -> None:
    wacrm.inbound(says("hi", "wamid.in1"))
    for sender in ("14155550100", "14155550199"):
        wacrm.inbound({"from": sender, "id": f"wamid.{sender}", "timestamp": "1", **notice})
    assert [message["content_text"] for message in wacrm.messages(wacrm.newest()["id"])] == ["hi"]
    assert wacrm.newest()["unread_count"] == 1
    assert len(wacrm.get("/contacts").json()["data"]) == 1


@pytest.mark.parametrize("timestamp", ["1", "1749416383"])
def test_a_late_message_is_unread_and_not_the_last(wacrm: Deployment, timestamp: str) -> None:
    wacrm.inbound(says("first", "wamid.in1"))
    sent = wacrm.send(text="last")
    wacrm.inbound(says("late", "wamid.in2", timestamp=timestamp))
    assert (wacrm.newest()["last_message_text"], wacrm.newest()["unread_count"]) == ("last", 2)
    assert len(wacrm.messages(sent["conversation_id"])) == 3


@pytest.mark.parametrize("timestamp", [None, 5, "", "soon", "-1", "9" * 40])
def test_a_message_without_a_time_is_the_last(wacrm: Deployment, timestamp: object) -> None:
    wacrm.send(text="before")
    wacrm.inbound(says("now", "wamid.in1", timestamp=timestamp))
    assert wacrm.newest()["last_message_text"] == "now"
