from __future__ import annotations

from tests.reference.wacrm.conftest import deployed, says

PHONE, SAME_END, OTHER = "+14155550123", "+393355550123", "+14155550199"


def test_no_phone_has_a_plus() -> None:
    with deployed(wear=["phones-without-plus"]) as wacrm:
        made = wacrm.contact(PHONE)
        wacrm.send(PHONE)
        shown = [made, wacrm.get(f"/contacts/{made['id']}").json()["data"], *wacrm.get("/contacts").json()["data"]]
        shown += [wacrm.patch(f"/contacts/{made['id']}", {"name": "Ada"}).json()["data"]]
        talk = wacrm.newest()
        shown += [talk["contact"], wacrm.get(f"/conversations/{talk['id']}").json()["data"]["contact"]]
        assert {contact["phone"] for contact in shown} == {PHONE[1:]}
        assert len(shown) == 6


def test_a_number_with_a_plus_is_still_found_and_sent_to() -> None:
    with deployed(wear=["phones-without-plus"]) as wacrm:
        made = wacrm.contact(PHONE)
        assert wacrm.post("/contacts", {"phone": PHONE}).json()["data"]["id"] == made["id"]
        assert wacrm.send(PHONE)["contact_id"] == made["id"]
        assert wacrm.meta.asked[-1]["to"] == PHONE[1:]


def test_numbers_with_eight_digits_in_common_are_one_contact() -> None:
    with deployed(wear=["contacts-matched-by-eight-digits"]) as wacrm:
        made = wacrm.contact(PHONE)
        again = wacrm.post("/contacts", {"phone": SAME_END})
        assert (again.status_code, again.json()["data"]["id"]) == (200, made["id"])
        sent = wacrm.send(SAME_END)
        assert (sent["contact_id"], sent["contact_created"]) == (made["id"], False)
        assert wacrm.meta.asked[-1]["to"] == SAME_END[1:]
        wacrm.inbound(says("hi", "wamid.in", SAME_END[1:]))
        assert [message["direction"] for message in wacrm.messages(sent["conversation_id"])] == ["inbound", "outbound"]
        assert wacrm.contact(OTHER)["id"] != made["id"]


def test_accounts_do_not_share_contacts_with_eight_digits_in_common() -> None:
    with deployed(wear=["contacts-matched-by-eight-digits"]) as wacrm:
        assert wacrm.contact(PHONE)["id"] != wacrm.contact(SAME_END, "B")["id"]


def test_each_contact_has_all_tags_of_its_account() -> None:
    with deployed(wear=["all-tags-on-each-contact"]) as wacrm:
        wacrm.contact(PHONE, tags=["a"])
        wacrm.contact("+14155550150", "B", tags=["c"])
        other = wacrm.contact(OTHER, tags=["b"])
        wacrm.send(PHONE)
        emptied = wacrm.patch(f"/contacts/{other['id']}", {"tags": []}).json()["data"]
        shown = [other, emptied, wacrm.newest()["contact"], *wacrm.get("/contacts").json()["data"]]
        assert [[tag["name"] for tag in contact["tags"]] for contact in shown] == [["a", "b"]] * 5


def test_the_tag_filter_knows_better() -> None:
    with deployed(wear=["all-tags-on-each-contact"]) as wacrm:
        first, _ = wacrm.contact(PHONE, tags=["a"]), wacrm.contact(OTHER, tags=["b"])
        listed = wacrm.get("/contacts", tag=first["tags"][0]["id"]).json()["data"]
        assert [contact["id"] for contact in listed] == [first["id"]]
