from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.reference.wacrm.conftest import Deployment, accepted, deployed, refused, says

if TYPE_CHECKING:
    import httpx


def broadcast(wacrm: Deployment, *phones: str) -> dict[str, Any]:
    body = {"template_name": "promo", "recipients": [{"to": phone} for phone in phones]}
    made = wacrm.post("/broadcasts", body).json()["data"]
    wacrm.settle()
    data: dict[str, Any] = wacrm.get(f"/broadcasts/{made['broadcast_id']}").json()["data"]
    return data


def test_what_customers_write_is_delivered() -> None:
    with deployed(wear=["inbound-is-delivered"]) as wacrm:
        wacrm.inbound(says("hi", "wamid.in"))
        wacrm.send()
        assert [message["status"] for message in wacrm.messages(wacrm.newest()["id"])] == ["sent", "delivered"]


def test_the_last_status_wins() -> None:
    with deployed(wear=["statuses-in-any-order-win"]) as wacrm:
        sent = wacrm.send()
        for status in ("delivered", "read", "delivered", "sent"):
            wacrm.statuses((sent["whatsapp_message_id"], status))
            assert wacrm.messages(sent["conversation_id"])[0]["status"] == status


def test_a_broadcast_of_failures_is_failed() -> None:
    with deployed(wear=["all-failed-broadcast-is-failed"]) as wacrm:
        wacrm.meta.answer = lambda _request, _wamid: refused("no")
        assert broadcast(wacrm, "+14155550101", "+14155550102")["status"] == "failed"


def test_a_broadcast_with_one_success_is_sent() -> None:
    def one_of_two(request: httpx.Request, wamid: str) -> httpx.Response:
        return refused("no") if b"14155550101" in request.content else accepted(wamid)

    with deployed(wear=["all-failed-broadcast-is-failed"]) as wacrm:
        wacrm.meta.answer = one_of_two
        done = broadcast(wacrm, "+14155550101", "+14155550102")
        assert (done["status"], done["sent_count"], done["failed_count"]) == ("sent", 1, 1)


def test_three_counts_stay_at_zero() -> None:
    with deployed(wear=["broadcast-counts-never-move"]) as wacrm:
        done = broadcast(wacrm, "+14155550100", "+14155550101")
        wacrm.statuses(("wamid.1", "delivered"), ("wamid.1", "read"))
        wacrm.inbound(says("yes", "wamid.in", context={"id": "wamid.1"}))
        shown = wacrm.get(f"/broadcasts/{done['id']}").json()["data"]
        counts = ("sent_count", "delivered_count", "read_count", "replied_count")
        assert [shown[count] for count in counts] == [2, 0, 0, 0]
