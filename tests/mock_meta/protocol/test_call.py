"""How a call is read: where its token may stand, and its method."""

from tests.mock_meta.inside import PHONE, TOKEN, WABA, Inside


def test_other_ways_to_carry_a_token(inside: Inside) -> None:
    assert inside.request("GET", f"/v21.0/{PHONE}?access_token={TOKEN}").status_code == 200
    for scheme, status in (("OAuth", 200), ("bearer", 200), ("Token", 401), ("Basic", 401)):
        answer = inside.request("GET", f"/v21.0/{PHONE}", headers={"Authorization": f"{scheme} {TOKEN}"})
        assert answer.status_code == status
    entries = inside.requests()
    both = {"Authorization": "Bearer nobody"}
    assert inside.request("GET", f"/v21.0/{PHONE}?access_token={TOKEN}", headers=both).status_code == 200
    assert all(entry["problems"] for entry in entries)
    assert TOKEN not in str(entries)
    assert entries[0]["authorization"] == {"scheme": "query", "known": True}
    assert entries[3]["authorization"] == {"scheme": "Token", "known": False}


def test_a_token_may_stand_in_the_body_and_does_not_stay_in_the_ledger(inside: Inside) -> None:
    path = f"/v21.0/{PHONE}/register"
    pin = {"messaging_product": "whatsapp", "pin": "123456", "access_token": TOKEN}
    multipart = {name: (None, value) for name, value in pin.items()}
    for answer in (
        inside.request("POST", path, json=pin),
        inside.request("POST", path, data=pin),
        inside.request("POST", path, files=multipart),
    ):
        assert answer.json() == {"success": True}
    broken = {"content-type": "multipart/form-data; boundary=x"}
    assert inside.request("POST", path, content=b"--x", headers=broken).json()["error"]["code"] == 104
    entries = inside.requests()
    assert [entry["authorization"]["scheme"] for entry in entries] == ["body", "body", "body", None]
    assert TOKEN not in str(entries)


def test_a_method_can_be_overridden_in_the_query(inside: Inside) -> None:
    inside.graph("GET", f"{WABA}/subscribed_apps?method=delete")
    assert inside.graph("GET", f"{WABA}/subscribed_apps").json() == {"data": []}
