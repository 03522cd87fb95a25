from __future__ import annotations

from reference.wacrm.protocol.bodies import Event
from tests.reference.wacrm.conftest import deployed, says


def test_endpoints_are_listed_whole_and_without_a_cursor() -> None:
    with deployed(wear=["webhook-list-without-cursor"]) as wacrm:
        made = [wacrm.hook(Event.MESSAGE_RECEIVED)["id"] for _ in range(3)]
        listed = wacrm.get("/webhooks", limit=1).json()
        assert set(listed) == {"data"}
        assert {endpoint["id"] for endpoint in listed["data"]} == set(made)


def test_other_lists_keep_their_pages() -> None:
    with deployed(wear=["webhook-list-without-cursor"]) as wacrm:
        wacrm.contact("+14155550123")
        wacrm.contact("+14155550124")
        listed = wacrm.get("/contacts", limit=1).json()
        assert len(listed["data"]) == 1
        assert listed["meta"]["next_cursor"]


def test_an_internal_target_is_registered_and_never_reached() -> None:
    with deployed(wear=["internal-targets-refused"]) as wacrm:
        wacrm.hook(Event.MESSAGE_RECEIVED)
        body = {"url": "https://10.0.0.1/in", "events": [Event.MESSAGE_RECEIVED]}
        assert wacrm.post("/webhooks", body).status_code == 201
        wacrm.inbound(says("hi", "wamid.in"))
        assert wacrm.receiver.posts == []
        assert [endpoint["failure_count"] for endpoint in wacrm.get("/webhooks").json()["data"]] == [1, 1]


def test_nothing_is_refused_without_it() -> None:
    with deployed() as wacrm:
        wacrm.hook(Event.MESSAGE_RECEIVED)
        wacrm.inbound(says("hi", "wamid.in"))
        assert wacrm.receiver.events() == ["message.received"]
