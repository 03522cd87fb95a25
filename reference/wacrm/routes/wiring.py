"""How a route reaches the application's services."""

from starlette.requests import Request

from reference.wacrm.assembly import Wacrm
from reference.wacrm.domain.keys import Caller
from reference.wacrm.protocol.envelope import bad_request
from reference.wacrm.protocol.operations import Operation
from reference.wacrm.storage.clock import Ids


def wacrm_of(request: Request) -> Wacrm:
    wacrm: Wacrm = request.app.state.wacrm
    return wacrm


def admit(request: Request, operation: Operation) -> tuple[Wacrm, Caller]:
    """The services and the caller; raises ApiError 401, 429 or 403."""
    wacrm = wacrm_of(request)
    return wacrm, wacrm.admission.admit(request, operation)


def id_filter(request: Request, name: str) -> str | None:
    """The id in a query parameter; raises ApiError 400 for what cannot be one."""
    text = request.query_params.get(name)
    if text is None:
        return None
    identity = Ids.parse(text)
    if identity is None:
        raise bad_request(f"{name} must be a UUID.")
    return identity
