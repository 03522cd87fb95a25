from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.reference.wacrm.conftest import Deployment, key


def test_a_new_contact_has_what_was_sent(wacrm: Deployment) -> None:
    sent = {"phone": "+14155550101", "name": "Anna", "email": "A@B.c", "company": "Acme", "tags": ["VIP", "vip", "new"]}
    answer = wacrm.post("/contacts", sent)
    contact = answer.json()["data"]
    assert answer.status_code == 201
    assert {name: contact[name] for name in ("phone", "name", "email", "company")} == {
        name: sent[name] for name in ("phone", "name", "email", "company")
    }
    assert sorted(tag["name"] for tag in contact["tags"]) == ["VIP", "new"]
    assert wacrm.get(f"/contacts/{contact['id']}").json()["data"] == contact


def test_a_known_phone_gives_the_stored_contact(wacrm: Deployment) -> None:
    first = wacrm.contact("+14155550101", name="Anna", tags=["a"])
    answer = wacrm.post("/contacts", {"phone": "+14155550101", "name": "Berta", "tags": ["b"]})
    assert (answer.status_code, answer.json()["data"]) == (200, first)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"phone": None},
        {"phone": 14155550101},
        {"phone": "14155550101"},
        {"phone": "+0155550101"},
        {"phone": "+1415555010155555"},
        {"phone": "+14155550101", "name": 5},
        {"phone": "+14155550101", "tags": "vip"},
        {"phone": "+14155550101", "tags": [""]},
        {"phone": "+14155550101", "tags": None},
        {"phone": "+14155550101", "name": "a\x00"},
        [],
        "text",
        7,
    ],
)
def test_a_bad_body_creates_nothing(wacrm: Deployment, body: Any) -> None:
    answer = wacrm.post("/contacts", body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_request")
    assert wacrm.get("/contacts").json()["data"] == []


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"\xff",
        b'{"phone": NaN}',
        b'{"phone": "+14155550101", "name": "\\ud800"}',
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b"1" * 10_000,
        b'\xef\xbb\xbf{"phone": "+14155550101"}',
        b'{"phone": ' + b"9" * 5000 + b"}",
    ],
)
def test_a_body_that_is_no_json_object_is_400(wacrm: Deployment, raw: bytes) -> None:
    answer = wacrm.client.post("/api/v1/contacts", content=raw, headers={"Authorization": f"Bearer {key('A')}"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_request")
    assert answer.headers["content-type"] == "application/json"


def test_twenty_creations_at_once_make_one_contact(wacrm: Deployment) -> None:
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: wacrm.post("/contacts", {"phone": "+14155550101"}), range(20)))
    assert sorted(answer.status_code for answer in answers) == [200] * 19 + [201]
    assert len({answer.json()["data"]["id"] for answer in answers}) == 1


def test_a_patch_changes_what_is_sent(wacrm: Deployment) -> None:
    first = wacrm.contact("+14155550101", name="Anna", email="a@b.c", tags=["a", "b"])
    path = f"/contacts/{first['id']}"
    second = wacrm.patch(path, {"email": None}).json()["data"]
    assert second["updated_at"] > first["updated_at"]
    assert second == first | {"email": None, "updated_at": second["updated_at"]}
    third = wacrm.patch(path, {"tags": ["B", "c"]}).json()["data"]
    assert [tag["name"] for tag in third["tags"]] == ["b", "c"]
    assert third["updated_at"] > second["updated_at"]
    assert wacrm.patch(path, {"tags": []}).json()["data"]["tags"] == []
    assert wacrm.patch(path, {"name": 1}).status_code == 400


def test_search_is_for_substrings_in_any_case(wacrm: Deployment) -> None:
    wacrm.contact("+14155550101", name="Ümit 100%")
    wacrm.contact("+14155550102", name="anna_b", email="umit@x.y")

    def found(text: str) -> list[str]:
        return [contact["name"] for contact in wacrm.get("/contacts", search=text).json()["data"]]

    assert found("üMI") == ["Ümit 100%"]
    assert found("%") == ["Ümit 100%"]
    assert found("_") == ["anna_b"]
    assert found("550102") == ["anna_b"]
    assert found("+1415") == ["anna_b", "Ümit 100%"]
    assert found("x.y") == []


def test_the_tag_filter_shows_full_sets(wacrm: Deployment) -> None:
    contact = wacrm.contact("+14155550101", tags=["a", "b"])
    wacrm.contact("+14155550102", tags=["b"])
    tag = next(tag["id"] for tag in contact["tags"] if tag["name"] == "a")
    assert wacrm.get("/contacts", tag=tag).json()["data"] == [contact]
    assert wacrm.get("/contacts", tag="no-uuid").status_code == 400
    assert wacrm.get("/contacts", letter="B", tag=tag).json()["data"] == []


def test_accounts_do_not_see_each_other(wacrm: Deployment) -> None:
    mine, theirs = wacrm.contact("+14155550101", name="Anna"), wacrm.contact("+14155550101", "B", name="Berta")
    assert mine["id"] != theirs["id"]
    for identity in (theirs["id"], "00000000-0000-4000-8000-000000000000", "nonsense", "%00"):
        assert wacrm.get(f"/contacts/{identity}").status_code == 404
        assert wacrm.patch(f"/contacts/{identity}", {"name": "x"}).status_code == 404
    assert wacrm.get(f"/contacts/{theirs['id']}", "B").json()["data"] == theirs
