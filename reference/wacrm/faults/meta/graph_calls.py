"""META-08: calls to the Graph API."""

from collections.abc import Callable

from reference.wacrm.assembly import Wacrm
from reference.wacrm.faults.registry import Fault, fault
from reference.wacrm.patching.patches import patch
from reference.wacrm.patching.steps import wrap
from reference.wacrm.protocol.envelope import Json
from reference.wacrm.settings import WhatsApp


@patch
def _enveloped(wacrm: Wacrm, change: Callable[[Json], Json]) -> None:
    envelope = wacrm.composer.envelope

    def changed(to: str, kind: str, payload: Json, quoted: str | None = None) -> Json:
        return change(envelope(to, kind, payload, quoted))

    wrap(wacrm.composer, "envelope", changed)


ROWS = (
    Fault("META-08", "recipient-of-a-video-is-a-number",
          _enveloped(lambda body: body | {"to": int(body["to"])} if body["type"] == "video" else body),
          "the number of a video's recipient is a number in JSON"),
    Fault("META-08", "documents-carry-a-member-that-meta-does-not-know",
          _enveloped(lambda body: body | {"origin": "api"} if body["type"] == "document" else body),
          "documents are sent with a member that Meta does not define"),
)  # fmt: skip


@fault("META-08", "the version is one that Meta has switched off")
def calls_go_to_an_older_version(wacrm: Wacrm) -> None:
    endpoint = wacrm.graph.endpoint

    def older(whatsapp: WhatsApp) -> str:
        head, _, tail = endpoint(whatsapp).rpartition("/v")
        return f"{head}/v12.0/{tail.partition('/')[2]}"

    wrap(wacrm.graph, "endpoint", older)


@fault("META-08", "the body is sent as plain text")
def calls_are_called_plain_text(wacrm: Wacrm) -> None:
    headers = wacrm.graph.headers

    def plain(whatsapp: WhatsApp) -> dict[str, str]:
        return headers(whatsapp) | {"Content-Type": "text/plain"}

    wrap(wacrm.graph, "headers", plain)


@fault("META-08", "the token is put into the query as well, where proxies log it")
def token_is_in_the_query(wacrm: Wacrm) -> None:
    endpoint = wacrm.graph.endpoint

    def with_token(whatsapp: WhatsApp) -> str:
        return f"{endpoint(whatsapp)}?access_token={whatsapp.access_token}"

    wrap(wacrm.graph, "endpoint", with_token)
