"""Wear of what a request meets before its operation: ids, paths, methods, and a slow machine."""

import asyncio
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.types import Receive, Scope, Send

from reference.wacrm.assembly import Wacrm
from reference.wacrm.domain.keys import Caller
from reference.wacrm.patching.steps import wrap
from reference.wacrm.protocol.envelope import ApiError, Code
from reference.wacrm.protocol.operations import Operation
from reference.wacrm.wear.registry import wear

_FILTERS = {Operation.LIST_CONTACTS: "tag", Operation.LIST_CONVERSATIONS: "contact_id"}
_ANSWER_SECONDS, _WEBHOOK_SECONDS = 0.15, 0.3


@wear("an id that cannot be one reaches the database, whose error is a 500", "ENV-04", "ENV-05", "SPEC-02")
def impossible_ids_are_500(wacrm: Wacrm) -> None:
    admit = wacrm.admission.admit

    def asked(request: Request, operation: Operation) -> Caller:
        caller = admit(request, operation)
        filtered = request.query_params.getlist(_FILTERS[operation]) if operation in _FILTERS else []
        ids = [*request.path_params.values(), *filtered]
        if any(wacrm.ids.parse(text) is None for text in ids):
            raise ApiError(Code.INTERNAL, "An unexpected error occurred.")
        return caller

    wrap(wacrm.admission, "admit", asked)


@wear(
    "the framework answers a wrong method with an empty 405, an unknown path with its HTML page", "ENV-02",
    covers={"unknown-path-is-a-problem": "an unknown path is answered with HTML, whatever the type of other answers"},
)  # fmt: skip
def bare_405_and_html_404(wacrm: Wacrm) -> None:
    def bare(status: int) -> Response:
        if status == HTTPStatus.METHOD_NOT_ALLOWED:
            return Response(status_code=status)
        return HTMLResponse("<!DOCTYPE html><html><body><h1>404</h1></body></html>", status)

    wrap(wacrm.envelope, "unrouted", bare)


class _Late(Response):
    """An answer that is sent a little later; others are served meanwhile."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(_ANSWER_SECONDS)
        await super().__call__(scope, receive, send)


@wear("every answer takes 150 ms longer, and what Meta's webhooks tell is seen after 300 ms")
def slow(wacrm: Wacrm) -> None:
    respond, accept = wacrm.envelope.respond, wacrm.meta_webhook.accept

    def late(*answer: object) -> Response:
        response = respond(*answer)  # type: ignore[arg-type]
        return _Late(bytes(response.body), response.status_code, dict(response.headers))

    async def worked_on(payload: object, media_root: str) -> None:
        await asyncio.sleep(_WEBHOOK_SECONDS)
        await accept(payload, media_root)

    wrap(wacrm.envelope, "respond", late)
    wrap(wacrm.meta_webhook, "accept", worked_on)
