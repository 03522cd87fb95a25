"""Media of the business's own, and resumable uploads."""

import re
from typing import Any

import httpx
import pytest

from mock_meta.business.media import SAMPLES, MediaStore, sample
from mock_meta.business.media_inspection import HEAD, trouble
from mock_meta.protocol.ids import Ids
from mock_meta.protocol.multipart import read_multipart
from tests.mock_meta.inside import PHONE, TOKEN, WABA, Inside

APP = "670843887433847"
PNG = sample("image", "image/png")[1]


def upload(inside: Inside, content: bytes = PNG, mime: str = "image/png", **fields: str) -> httpx.Response:
    data = {"messaging_product": "whatsapp", "type": mime, **fields}
    return inside.graph("POST", f"{PHONE}/media", data=data, files={"file": ("a.png", content, mime)})


def test_the_product_may_stand_in_the_query(inside: Inside) -> None:
    file = {"file": ("a.png", PNG, "image/png")}
    assert inside.graph("POST", f"{PHONE}/media?messaging_product=whatsapp", files=file).status_code == 200
    assert inside.graph("POST", f"{PHONE}/media", files=file).status_code == 400


def test_upload_look_up_download_send_delete(inside: Inside) -> None:
    media_id = upload(inside).json()["id"]
    node = inside.graph("GET", media_id).json()
    assert node["mime_type"] == "image/png"
    file = inside.request("GET", node["url"], headers={"Authorization": f"Bearer {TOKEN}"})
    assert file.content == PNG
    inside.send(type="image", text=None, image={"id": media_id})
    assert inside.graph("DELETE", media_id).json() == {"success": True}
    assert inside.graph("GET", media_id).json()["error"]["error_subcode"] == 33
    assert inside.refused(type="image", image={"id": media_id})["code"] == 131009
    assert [entry["problems"] for entry in inside.requests()][:4] == [[], [], [], []]


def test_download_urls_that_expired_are_forgotten() -> None:
    store = MediaStore(Ids(0))
    media = store.add("1", "2", "image/png", PNG, 1e9)
    first = store.ticket(media, 0.0)
    second = store.ticket(media, 299.0)
    store.ticket(media, 300.0)
    assert store.redeem(media.id, first.hash, 0.0) is None
    assert store.redeem(media.id, second.hash, 300.0) == media


def test_uploads_live_thirty_days(inside: Inside) -> None:
    media_id = upload(inside).json()["id"]
    inside.now += 30 * 86_400 - 1
    assert inside.graph("GET", media_id).status_code == 200
    inside.now += 1
    assert inside.graph("GET", media_id).status_code == 400


def test_uploads_that_are_refused(inside: Inside) -> None:
    missing = inside.graph(
        "POST", f"{PHONE}/media", data={"type": "image/png"}, files={"file": ("a", b"x", "image/png")}
    )
    assert missing.json()["error"]["message"] == "(#100) The parameter messaging_product is required."
    no_file = inside.graph("POST", f"{PHONE}/media", json={"messaging_product": "whatsapp"})
    assert no_file.json()["error"]["message"] == "(#100) The parameter file is required."
    strange = upload(inside, mime="application/x-msdownload").json()["error"]["message"]
    assert strange.startswith("(#100) Param file must be a file with one of the following types: ")
    assert upload(inside, content=bytes(5 * 1024 * 1024 + 1)).json()["error"]["code"] == 100


@pytest.mark.parametrize(
    ("kind", "mime", "content", "text"),
    [
        (
            "image",
            "image/webp",
            PNG,
            "Unsupported Image mime type image/webp. Please use one of image/png, image/jpeg.",
        ),
        (
            "image",
            "image/png",
            b"text",
            "Image file uploaded with mimetype as image/png, however on processing it is of",
        ),
        (
            "audio",
            "audio/ogg; codecs=opus",
            PNG,
            "Audio file uploaded with mimetype as audio/ogg, however on processing",
        ),
        ("sticker", "image/webp", bytes(100 * 1024 + 1), "Media file size too big."),
    ],
)
def test_an_uploaded_file_that_a_message_cannot_hold_fails_later(
    inside: Inside, kind: str, mime: str, content: bytes, text: str
) -> None:
    media_id = upload(inside, content, mime).json()["id"]
    message: dict[str, Any] = {"type": kind, kind: {"id": media_id}}
    inside.send(text=None, **message)
    inside.rest()
    (status,) = inside.posts.statuses()
    (error,) = status["errors"]
    assert error["code"] == 131053
    assert error["error_data"]["details"].startswith(text)


def test_a_file_in_a_templates_header_is_looked_at_too(inside: Inside) -> None:
    components = [{"type": "HEADER", "format": "IMAGE"}]
    inside.control("POST", f"/accounts/{WABA}/templates", {"name": "shown", "components": components})
    for content in (PNG, b"text"):
        value = {"type": "image", "image": {"id": upload(inside, content).json()["id"]}}
        header = {"type": "header", "parameters": [value]}
        template = {"name": "shown", "language": {"code": "en_US"}, "components": [header]}
        inside.send(type="template", text=None, template=template)
    inside.rest()
    assert [status["errors"][0]["code"] for status in inside.posts.statuses()] == [131053]


def test_every_invented_file_is_what_it_claims() -> None:
    for kind, (mime, content) in SAMPLES.items():
        assert trouble(kind, mime.partition(";")[0], content[:HEAD], len(content)) is None


def test_a_forms_fields_are_parameters(inside: Inside) -> None:
    """As curl sends them: -F access_token=... -F file=@a.png."""
    data = {"messaging_product": "whatsapp", "type": "image/png", "access_token": TOKEN}
    file = {"file": ("a.png", PNG, "image/png")}
    assert inside.graph("POST", f"{PHONE}/media", token=None, data=data, files=file).status_code == 200
    text = inside.graph("POST", f"{PHONE}/media", data=data, files={"file": (None, PNG)})
    assert text.json()["error"]["message"] == "(#100) The parameter file is required."
    odd = inside.graph(
        "POST", f"{PHONE}/messages", data=data, files={"type": ("a.png", PNG, "image/png"), "to": (None, "1")}
    )
    assert odd.json()["error"]["code"] == 131009


def test_the_type_is_asked_for_and_the_node_has_fields(inside: Inside) -> None:
    file = {"file": ("a.png", PNG, "image/png")}
    media_id = inside.graph("POST", f"{PHONE}/media", data={"messaging_product": "whatsapp"}, files=file).json()["id"]
    assert inside.requests()[0]["problems"] == ["body: no 'type'"]
    assert inside.graph("GET", f"{media_id}?fields=mime_type").json() == {"mime_type": "image/png", "id": media_id}


def test_a_reaction_to_what_is_long_past_fails_later(inside: Inside) -> None:
    reaction = {"message_id": inside.wamid(), "emoji": "👍"}
    inside.control("PUT", "/behaviour", {"profile": "instant"})
    for passed in (30 * 86_400, 1):
        inside.now += passed
        inside.send(type="reaction", text=None, reaction=reaction)
        inside.rest()
    assert [status["status"] for status in inside.posts.statuses()] == ["sent", "failed"]


def test_a_reaction_to_nothing_fails_later(inside: Inside) -> None:
    target = inside.wamid()
    inside.control("PUT", "/behaviour", {"profile": "instant"})
    inside.send(type="reaction", text=None, reaction={"message_id": target, "emoji": "👍"})
    inside.send(type="reaction", text=None, reaction={"message_id": "wamid.x", "emoji": "👍"})
    inside.rest()
    assert [status["status"] for status in inside.posts.statuses()] == ["sent", "failed"]
    assert inside.posts.statuses()[1]["errors"][0]["code"] == 131009


@pytest.mark.parametrize("body", [b"", b"--x\r\n\r\n", b"--x\r\nnothing\r\n--x--", b"--x\r\nA: b\r\n\r\nc\r\n--x--"])
def test_what_is_no_multipart(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"boundary|header|name"):
        read_multipart("multipart/form-data; boundary=x", body)


def test_multipart_content_is_kept_to_the_byte() -> None:
    content = b"\r\n--\r\n\x00--y\r\n"
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="\xc3\xa8.png"\r\nContent-Type: image/png\r\n\r\n'
    parts = read_multipart('multipart/form-data; boundary="x"', head + content + b"\r\n--x--\r\n")
    assert parts["file"].content == content
    assert parts["file"].filename == "è.png"


def test_invented_files_are_of_the_type_they_claim() -> None:
    jpeg, png = sample("image", None)[1], sample("image", "image/png")[1]
    at = 2
    while jpeg[at + 1] != 0xDA:
        assert jpeg[at] == 0xFF
        at += 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
    assert jpeg[at:] == bytes.fromhex("ffda0008010100003f003fffd9")
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    assert sample("sticker", None)[1][:4] == b"RIFF"
    assert sample("document", None)[1][:5] == b"%PDF-"


def open_session(inside: Inside, **changes: Any) -> httpx.Response:
    query = {"file_name": "header.jpg", "file_length": "6", "file_type": "image/jpeg", "access_token": TOKEN, **changes}
    return inside.request("POST", f"/v21.0/{APP}/uploads", params=query)


def send_bytes(inside: Inside, session: str, content: bytes, offset: int = 0) -> httpx.Response:
    headers = {"Authorization": f"OAuth {TOKEN}", "file_offset": str(offset)}
    return inside.request("POST", f"/v21.0/{session}", content=content, headers=headers)


def test_a_resumable_upload_ends_in_a_handle(inside: Inside) -> None:
    session = open_session(inside).json()["id"]
    assert re.fullmatch(r"upload:[\w-]+\?sig=AR[\w-]+", session)
    answer = send_bytes(inside, session, b"abcdef").json()
    assert re.fullmatch(rf"4::aW1hZ2UvanBlZw==:AR[\w-]+:e:\d+:{APP}:\d+:AR[\w-]+", answer["h"])
    assert [entry["problems"] for entry in inside.requests()] == [[], []]
    assert [entry["operation"] for entry in inside.requests()] == ["uploads.create", "uploads.append"]


def test_an_upload_can_be_resumed(inside: Inside) -> None:
    session = open_session(inside).json()["id"].partition("?")[0]
    assert send_bytes(inside, session, b"abc").json() == {"id": session, "file_offset": 3}
    assert inside.graph("GET", session).json() == {"id": session, "file_offset": 3}
    assert send_bytes(inside, session, b"abc").status_code == 400
    assert "h" in send_bytes(inside, session, b"def", offset=3).json()


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "application/json", "multipart/form-data"])
def test_the_bytes_of_an_upload_are_bytes_whatever_they_are_called(inside: Inside, kind: str) -> None:
    """A form, says curl --data-binary; what the bytes say is nobody's token."""
    content = b"&access_token=nobody&"
    session = open_session(inside, file_length=str(len(content))).json()["id"]
    headers = {"Authorization": f"OAuth {TOKEN}", "file_offset": "0", "Content-Type": kind}
    answer = inside.request("POST", f"/v21.0/{session}", content=content, headers=headers)
    assert "h" in answer.json()
    assert inside.requests()[-1]["problems"] == []


def test_uploads_that_cannot_be_opened(inside: Inside) -> None:
    assert open_session(inside, file_type="text/html").json()["error"]["code"] == 100
    assert open_session(inside, file_length="0").json()["error"]["code"] == 100
    assert open_session(inside, access_token="nonsense").json()["error"]["code"] == 190
    assert send_bytes(inside, "upload:nothing", b"x").json()["error"]["error_subcode"] == 33
    session = open_session(inside).json()["id"]
    assert send_bytes(inside, session + "x", b"abcdef").json()["error"]["error_subcode"] == 33
    assert send_bytes(inside, session, b"abcdefg").json()["error"]["code"] == 100


def test_an_app_of_two_accounts_takes_both_tokens(inside: Inside) -> None:
    phone = {"id": "106540000000002", "display_phone_number": "+1 555-010-0002"}
    other = {"access_token": "EAAother", "app_secret": "s", "app_id": APP, "phone_numbers": [phone]}
    inside.control("PUT", "/accounts/102290000000002", other)
    assert open_session(inside, access_token="EAAother").status_code == 200
    assert open_session(inside).status_code == 200
