"""ENV-08: what a server in front of the application answers by itself."""

from collections.abc import Callable, Mapping
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from reference.wacrm.assembly import Wacrm
from reference.wacrm.domain.keys import Caller
from reference.wacrm.faults.registry import Fault
from reference.wacrm.patching.patches import patch
from reference.wacrm.patching.steps import wrap
from reference.wacrm.protocol.envelope import Json, bad_request
from reference.wacrm.protocol.operations import Operation

_IN_FRONT = "answered in front of the application"
Page = Callable[[HTTPStatus], Response]


def _html(status: HTTPStatus) -> Response:
    """As nginx writes it."""
    title = f"{status.value} {status.phrase}"
    return HTMLResponse(f"<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>", status)


def _plain(status: HTTPStatus) -> Response:
    return PlainTextResponse(status.phrase, status)


def _answer_in_front(wacrm: Wacrm, operation: Operation, status: HTTPStatus, page: Page) -> None:
    respond = wacrm.envelope.respond

    def answered(asked: Operation | None, code: int, body: Json, headers: Mapping[str, str]) -> Response:
        in_front = asked is operation and body.get("error", {}).get("message") == _IN_FRONT
        return page(status) if in_front else respond(asked, code, body, headers)

    wrap(wacrm.envelope, "respond", answered)


@patch
def _large_requests(
    wacrm: Wacrm, operation: Operation, size: Callable[[Request], int], limit: int, status: HTTPStatus, page: Page
) -> None:
    """Requests of one operation above a limit do not reach the application."""
    admit = wacrm.admission.admit

    def admitted(request: Request, asked: Operation) -> Caller:
        if asked is operation and size(request) > limit:
            request.scope["wacrm.operation"] = asked
            raise bad_request(_IN_FRONT)
        return admit(request, asked)

    wrap(wacrm.admission, "admit", admitted)
    _answer_in_front(wacrm, operation, status, page)


def _body(request: Request) -> int:
    return int(request.headers.get("content-length", 0))


def _url(request: Request) -> int:
    return len(str(request.url))


def _headers(request: Request) -> int:
    return sum(len(name) + len(value) for name, value in request.headers.raw)


MIB = 2**20
ROWS = (
    Fault("ENV-08", "contact-above-1-mib-gets-a-page",
          _large_requests(Operation.CREATE_CONTACT, _body, MIB, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _html),
          "nginx's default of one megabyte for a body, with nginx's own page"),
    Fault("ENV-08", "broadcast-above-8-mib-gets-plain-text",
          _large_requests(Operation.CREATE_BROADCAST, _body, 8 * MIB, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _plain),
          "the body parser's limit answers before the handler of errors is in place"),
    Fault("ENV-08", "long-search-gets-a-page",
          _large_requests(Operation.LIST_CONTACTS, _url, 8192, HTTPStatus.REQUEST_URI_TOO_LONG, _html),
          "the proxy's buffer for a request line holds 8 KiB"),
    Fault("ENV-08", "big-headers-get-plain-text",
          _large_requests(Operation.ME, _headers, 16384, HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, _plain),
          "the runtime's limit for all headers, answered by its HTTP server"),
)  # fmt: skip
