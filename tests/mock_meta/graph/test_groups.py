"""Groups: messages to them, a status for each participant, their nodes."""

from typing import Any

import pytest

from tests.mock_meta.inside import GROUP, PERSON, PHONE, WABA, Inside, details

OTHER = "99900005678"
TO_GROUP: dict[str, Any] = {"recipient_type": "group", "to": GROUP}


@pytest.fixture
def grouped(inside: Inside) -> Inside:
    """A number with a group of two, whose messages are announced."""
    inside.control("PUT", "/behaviour", {"profile": "instant"})
    return inside


def test_a_message_to_a_group(grouped: Inside) -> None:
    assert grouped.send(**TO_GROUP)["contacts"] == [{"input": GROUP, "wa_id": GROUP}]
    grouped.rest()
    told = [(one["status"], one["recipient_participant_id"]) for one in grouped.posts.statuses()]
    assert told == [(status, person) for status in ("sent", "delivered", "read") for person in (PERSON, OTHER)]
    for value in grouped.posts.values():
        (status,), (contact,) = value["statuses"], value["contacts"]
        assert (status["recipient_id"], status["recipient_type"], "recipient_user_id" in status) == (
            GROUP,
            "group",
            False,
        )
        assert contact == {
            "wa_id": status["recipient_participant_id"],
            "user_id": status["recipient_participant_user_id"],
        }


def test_groups_the_number_is_not_in(grouped: Inside) -> None:
    assert details(grouped.refused(recipient_type="group", to="Y2Fwother")).startswith("The group does not exist")
    assert details(grouped.refused(recipient_type="group", to=PERSON)).startswith("The group does not exist")
    assert details(grouped.refused(to=GROUP)).startswith("The phone number is malformed")


def test_the_nodes(grouped: Inside) -> None:
    (listed,) = grouped.graph("GET", f"{PHONE}/groups").json()["data"]
    assert (listed["id"], listed["subject"], listed["total_participant_count"]) == (GROUP, "Friends", 2)
    assert [person["wa_id"] for person in listed["participants"]] == [PERSON, OTHER]
    assert grouped.graph("GET", GROUP).json() == {"id": GROUP, "subject": "Friends"}
    assert grouped.graph("GET", f"{GROUP}?fields=suspended").json() == {"suspended": False, "id": GROUP}
    assert grouped.graph("GET", GROUP, token="EAAother").json()["error"]["code"] == 190


@pytest.mark.parametrize("group_id", [PERSON, "US.1349", "a b"])
def test_what_is_no_groups_id(inside: Inside, group_id: str) -> None:
    phone: dict[str, Any] = {"id": PHONE, "display_phone_number": "+1 555", "groups": [{"id": group_id}]}
    assert "groups.0.id" in inside.control("PUT", f"/accounts/{WABA}", {"phone_numbers": [phone]}, 400)["error"]
