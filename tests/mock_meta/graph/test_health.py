"""Whether a number or an account can send, and what stands in the way."""

from tests.mock_meta.fidelity import fact
from tests.mock_meta.inside import PHONE, WABA, Inside


@fact(
    "`health_status` of a number and of an account tells `can_send_message`, and of each entity that matters",
    source="Meta: messaging health status; a capture of fields=health_status",
    month="2026-11",
    sure="captured",
)
def test_health(inside: Inside) -> None:
    def told(node: str) -> tuple[str, dict[str, str]]:
        health = inside.graph("GET", f"{node}?fields=health_status").json()["health_status"]
        return health["can_send_message"], {one["entity_type"]: one["can_send_message"] for one in health["entities"]}

    good = "AVAILABLE"
    of_waba = {"WABA": good, "BUSINESS": good, "APP": good}
    assert told(WABA) == (good, of_waba)
    assert told(PHONE) == (good, {"PHONE_NUMBER": good, **of_waba})
    inside.graph("POST", f"{PHONE}/deregister")
    assert told(PHONE) == ("BLOCKED", {"PHONE_NUMBER": "BLOCKED", **of_waba})
    inside.control("PUT", f"/accounts/{WABA}", {"locked": True})
    assert told(WABA) == ("BLOCKED", {**of_waba, "WABA": "BLOCKED"})
