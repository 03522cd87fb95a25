"""``GET /{media_id}`` and the download behind the URL it gives (fact sheet 8)."""

from mock_meta.answer import Answer, failed, ok
from mock_meta.call import Call
from mock_meta.errors import error_body, unknown_object
from mock_meta.graph.routes import Node, NodeKind, Route
from mock_meta.media import Media, Ticket
from mock_meta.mock import Mock

DOWNLOAD_NODE = "whatsapp_business"
_GONE = Answer(status=404, content=b"<html><body>URL signature expired</body></html>", content_type="text/html")


def get_media(mock: Mock, call: Call, node: Node) -> Answer:
    media = media_of(node)
    asked = call.query.get("phone_number_id")
    if asked is not None and asked != media.phone_number_id:
        raise unknown_object(call.method, media.id)
    ticket = mock.media.ticket(media, mock.clock())
    return ok(
        {
            "messaging_product": "whatsapp",
            "url": download_url(call.origin, ticket),
            "mime_type": media.mime_type,
            "sha256": media.sha256_hex,
            "file_size": str(len(media.content)),
            "id": media.id,
        }
    )


def download_url(origin: str, ticket: Ticket) -> str:
    """On the caller's own way to the mock, so that whatever reaches Graph reaches the file."""
    place = f"{DOWNLOAD_NODE}/attachments/"
    return f"{origin}/{place}?mid={ticket.media_id}&ext={ticket.expires_at}&hash={ticket.hash}"


def download(mock: Mock, call: Call) -> Answer:
    """The bytes, for a valid token of the media's account within five minutes; 401 without one, 404 afterwards."""
    token = call.credential.token
    if token is None or not mock.accounts.of_token(token):
        return failed(error_body(190, http=401))
    media = mock.media.redeem(call.query.get("mid", ""), call.query.get("hash", ""), mock.clock())
    if media is None or media.waba_id not in {account.waba_id for account in mock.accounts.of_token(token)}:
        return _GONE
    return Answer(content=media.content, content_type=media.mime_type)


def media_of(node: Node) -> Media:
    assert node.media is not None
    return node.media


routes = (Route("GET", NodeKind.MEDIA, "", "media.get", get_media),)
