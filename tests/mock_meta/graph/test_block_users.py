"""``block_users``: who can be blocked, what that does in both directions, and the list."""

from typing import Any

from tests.mock_meta.inside import PERSON, PHONE, Inside

OTHER = "99900005678"


def asked(*people: str) -> dict[str, Any]:
    return {"messaging_product": "whatsapp", "block_users": [{"user": person} for person in people]}


def writes(inside: Inside, person: str = PERSON) -> list[str]:
    message = {"from": person, "text": {"body": "Ciao"}}
    found: list[str] = inside.control("POST", "/inbound", {"phone_number_id": PHONE, "messages": [message]})["wamids"]
    return found


def listed(inside: Inside) -> list[str]:
    return [row["wa_id"] for row in inside.graph("GET", f"{PHONE}/block_users").json()["data"]]


def test_blocked_until_unblocked(inside: Inside) -> None:
    assert writes(inside)
    added = inside.graph("POST", f"{PHONE}/block_users", json=asked(f"+{PERSON}"))
    assert added.json() == {
        "messaging_product": "whatsapp",
        "block_users": {"added_users": [{"input": f"+{PERSON}", "wa_id": PERSON}]},
    }
    assert (listed(inside), writes(inside)) == ([PERSON], [])
    removed = inside.graph("DELETE", f"{PHONE}/block_users", json=asked(PERSON)).json()
    assert removed["block_users"] == {"removed_users": [{"input": PERSON, "wa_id": PERSON}]}
    assert listed(inside) == []
    assert writes(inside)


def test_only_who_wrote_within_a_day(inside: Inside) -> None:
    writes(inside)
    answer = inside.graph("POST", f"{PHONE}/block_users", json=asked(PERSON, OTHER)).json()
    assert [one["input"] for one in answer["block_users"]["added_users"]] == [PERSON]
    (failed,) = answer["block_users"]["failed_users"]
    assert (failed["input"], failed["errors"][0]["code"]) == (OTHER, 131047)
    assert answer["errors"]["message"] == "(#139100) Failed to block/unblock users"
    inside.now += 86401
    late = inside.graph("POST", f"{PHONE}/block_users", json=asked(PERSON)).json()
    assert late["block_users"]["added_users"] == []


def test_a_message_to_a_blocked_person_fails_later(inside: Inside) -> None:
    writes(inside)
    inside.graph("POST", f"{PHONE}/block_users", json=asked(PERSON))
    inside.control("PUT", "/behaviour", {"profile": "instant"})
    inside.send()
    inside.rest()
    assert [(one["status"], one["errors"][0]["code"]) for one in inside.posts.statuses()] == [("failed", 130403)]


def test_what_is_no_list_of_people(inside: Inside) -> None:
    for body in ({"messaging_product": "whatsapp"}, asked("nobody"), {"block_users": [{"user": PERSON}]}):
        assert inside.graph("POST", f"{PHONE}/block_users", json=body).json()["error"]["code"] == 100
