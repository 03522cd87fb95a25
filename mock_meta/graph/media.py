"""Media: upload, look-up, download, deletion (fact sheet 8)."""

from mock_meta.business.media import SIZES, UPLOADED_LIFE, Media, download_url
from mock_meta.graph.routes import NodeKind, ResolvedCall, Route
from mock_meta.mock import Mock
from mock_meta.protocol.answer import Answer, failed, ok, success
from mock_meta.protocol.errors import error_body, invalid, unknown_object
from mock_meta.protocol.fields import select
from mock_meta.protocol.multipart import Part
from mock_meta.rules.message import check_product
from mock_meta.rules.value_checks import required

_GONE = Answer(status=404, content=b"<html><body>URL signature expired</body></html>", content_type="text/html")


def upload(mock: Mock, call: ResolvedCall) -> Answer:
    """``multipart/form-data`` with messaging_product, type and a file of a kind and size WhatsApp takes."""
    check_product(call.params)
    file, declared = call.params.get("file"), call.params.get("type")
    if not isinstance(file, Part):
        raise required("file")
    if declared is None:
        call.problems.append("body: no 'type'")
    mime = _mime(file, declared)
    most = SIZES[mime]
    if not file.content or len(file.content) > most:
        raise invalid(f"Param file must be a file of 1 to {most} bytes.")
    phone = call.phone
    media = mock.media.add(phone.waba_id, phone.id, mime, file.content, mock.clock() + UPLOADED_LIFE)
    return ok({"id": media.id})


def _mime(file: Part, declared: object) -> str:
    """The part's own content type; the ``type`` field counts where the part has none."""
    stated = file.content_type or declared
    mime = (stated if isinstance(stated, str) else "application/octet-stream").partition(";")[0].strip().lower()
    if mime not in SIZES:
        listed = ", ".join(SIZES)
        raise invalid(
            f"Param file must be a file with one of the following types: {listed}. Received file of type '{mime}'."
        )
    return mime


def get_media(mock: Mock, call: ResolvedCall) -> Answer:
    media = _visible(call)
    ticket = mock.media.ticket(media, mock.clock())
    shown = {
        "messaging_product": "whatsapp",
        "url": download_url(call.origin, ticket),
        "mime_type": media.mime_type,
        "sha256": media.sha256_hex,
        "file_size": str(len(media.content)),
        "id": media.id,
    }
    return ok(select(shown, call.query.get("fields"), tuple(shown)))


def delete_media(mock: Mock, call: ResolvedCall) -> Answer:
    mock.media.delete(_visible(call).id)
    return success()


def _visible(call: ResolvedCall) -> Media:
    """The file, unless the call names another phone number than its own."""
    assert call.node is not None
    media = call.node.media
    assert media is not None
    if call.query.get("phone_number_id") not in (None, media.phone_number_id):
        raise unknown_object(call.method, call.node_id)
    return media


def download(mock: Mock, call: ResolvedCall) -> Answer:
    """The bytes, for a valid token of the media's account within five minutes; 401 without one, 404 afterwards."""
    if not call.caller.accounts:
        return failed(error_body(190, http=401))
    media = mock.media.redeem(call.query.get("mid", ""), call.query.get("hash", ""), mock.clock())
    if media is None or media.waba_id not in {account.waba_id for account in call.caller.accounts}:
        return _GONE
    return Answer(content=media.content, content_type=media.mime_type)


routes = (
    Route("POST", NodeKind.PHONE, "media", "media.upload", upload),
    Route("GET", NodeKind.MEDIA, "", "media.get", get_media),
    Route("DELETE", NodeKind.MEDIA, "", "media.delete", delete_media),
)
