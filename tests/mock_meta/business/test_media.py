"""Media that customers sent: fetched in two hops, for a while, by its own account."""

import base64
import hashlib

from tests.mock_meta.inside import PERSON, PHONE, TOKEN, Inside, add_other


def test_inbound_media_can_be_fetched_in_two_hops(inside: Inside) -> None:
    inside.control("POST", "/inbound", {"phone_number_id": PHONE, "messages": [{"from": PERSON, "type": "image"}]})
    image = inside.posts.values()[0]["messages"][0]["image"]
    node = inside.graph("GET", image["id"]).json()
    assert list(node) == ["messaging_product", "url", "mime_type", "sha256", "file_size", "id"]
    assert node["url"].startswith("http://graph.test/whatsapp_business/attachments/?mid=")
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    file = inside.request("GET", node["url"], headers=bearer)
    assert file.headers["content-type"] == node["mime_type"] == "image/jpeg"
    assert str(len(file.content)) == node["file_size"]
    assert hashlib.sha256(file.content).hexdigest() == node["sha256"]
    assert base64.b64encode(hashlib.sha256(file.content).digest()).decode() == image["sha256"]
    assert inside.request("GET", node["url"]).status_code == 401
    assert [entry["operation"] for entry in inside.requests()] == ["media.get", "media.download", "media.download"]
    assert [entry["problems"] for entry in inside.requests()][:2] == [[], []]


def test_download_urls_live_five_minutes_and_media_a_week(inside: Inside) -> None:
    inside.control("POST", "/inbound", {"phone_number_id": PHONE, "messages": [{"from": PERSON, "type": "document"}]})
    media_id = inside.posts.values()[0]["messages"][0]["document"]["id"]
    url = inside.graph("GET", media_id).json()["url"]
    inside.now += 299
    assert inside.request("GET", url, headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200
    inside.now += 2
    assert inside.request("GET", url, headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 404
    inside.now += 8 * 86400
    assert inside.graph("GET", media_id).json()["error"]["error_subcode"] == 33


def test_media_belongs_to_an_account_and_a_number(inside: Inside) -> None:
    add_other(inside)
    inside.control("POST", "/inbound", {"phone_number_id": PHONE, "messages": [{"from": PERSON, "type": "audio"}]})
    media_id = inside.posts.values()[0]["messages"][0]["audio"]["id"]
    url = inside.graph("GET", f"{media_id}?phone_number_id={PHONE}").json()["url"]
    assert inside.graph("GET", f"{media_id}?phone_number_id=1").status_code == 400
    assert inside.graph("GET", media_id, token="EAAother").json()["error"]["error_subcode"] == 33
    assert inside.request("GET", url, headers={"Authorization": "Bearer EAAother"}).status_code == 404
