"""AUTH-08: authentication comes before the body and before any effect."""

from starlette.requests import Request

from reference.wacrm.assembly import Wacrm
from reference.wacrm.domain.keys import Caller
from reference.wacrm.faults.registry import Fault, fault
from reference.wacrm.patching.patches import patch
from reference.wacrm.patching.steps import wrap
from reference.wacrm.protocol.bodies import B
from reference.wacrm.protocol.envelope import ApiError
from reference.wacrm.protocol.operations import Operation


@patch
def _body_first(wacrm: Wacrm, operation: Operation) -> None:
    """One operation validates its body before it asks for a key."""
    identify, charge, read = wacrm.admission.identify, wacrm.admission.charge, wacrm.bodies.read

    def postponed(request: Request, asked: Operation) -> Caller:
        try:
            return identify(request, asked)
        except ApiError as error:
            if asked is not operation:
                raise
            request.scope["wacrm.refusal"] = error
            return Caller("", "", "", tuple(scope for scope in wacrm.admission.scopes.values() if scope))

    def charged(caller: Caller, asked: Operation) -> None:
        if caller.key_hash:
            charge(caller, asked)

    async def read_then_refuse(request: Request, model: type[B]) -> B:
        body = await read(request, model)
        refusal = request.scope.get("wacrm.refusal")
        if refusal is not None:
            raise refusal
        return body

    wrap(wacrm.admission, "identify", postponed)
    wrap(wacrm.admission, "charge", charged)
    wrap(wacrm.bodies, "read", read_then_refuse)


ROWS = (
    Fault("AUTH-08", "body-is-judged-before-the-key-on-create-contact", _body_first(Operation.CREATE_CONTACT),
          "the body is validated by the framework, before the handler asks for a key"),
    Fault("AUTH-08", "body-is-judged-before-the-key-on-create-broadcast", _body_first(Operation.CREATE_BROADCAST),
          "a middleware rejects bad recipients before the key is read"),
    Fault("AUTH-08", "body-is-judged-before-the-key-on-create-webhook", _body_first(Operation.CREATE_WEBHOOK),
          "the URL is checked before the key"),
)  # fmt: skip


@fault("AUTH-08", "the row is deleted in a task that does not wait for the key to be checked")
def endpoint_is_deleted_behind_a_401(wacrm: Wacrm) -> None:
    identify = wacrm.admission.identify

    def checked(request: Request, asked: Operation) -> Caller:
        try:
            return identify(request, asked)
        except ApiError:
            if asked is Operation.DELETE_WEBHOOK:
                wacrm.db.run("DELETE FROM webhook_endpoints WHERE id = :id", {"id": request.path_params["webhook_id"]})
            raise

    wrap(wacrm.admission, "identify", checked)
