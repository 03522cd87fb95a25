"""``/_control/faults``: what goes wrong, for which calls, how often."""

from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import Field, StringConstraints, field_validator, model_validator

from mock_meta.control.behaviour import Number
from mock_meta.control.bodies import Body, body_as, mock_of
from mock_meta.control.errors import not_found, suggestion
from mock_meta.graph.table import OPERATIONS
from mock_meta.protocol.error_codes import CODES, is_known
from mock_meta.protocol.errors import error_body
from mock_meta.simulation.faults import Fault, Match, RawAnswer, When


class MatchBody(Body):
    phone_number_id: str | None = None
    to: list[Number] | None = None
    type: str | None = None
    operation: str | None = None

    @field_validator("operation")
    @classmethod
    def _known(cls, name: str | None) -> str | None:
        if name is not None and name not in OPERATIONS:
            raise ValueError(f"no operation {name!r}{suggestion(name, OPERATIONS)}")
        return name


class FaultError(Body):
    code: int
    http_status: Annotated[int, Field(ge=200, le=599)] | None = None
    message: str | None = None
    details: str | None = None

    @model_validator(mode="after")
    def _has_words(self) -> "FaultError":
        if self.message is None and not is_known(self.code):
            near = suggestion(str(self.code), map(str, CODES))
            raise ValueError(f"code {self.code} is none of Meta's and has no 'message' of its own{near}")
        return self


class FaultHttp(Body):
    status: Annotated[int, Field(ge=200, le=599)]
    body: str = ""
    content_type: Annotated[str, StringConstraints(pattern=r"^[ -~]*$")] = "text/html"


class FaultBody(Body):
    match: MatchBody = MatchBody()
    times: Annotated[int, Field(ge=1)] | None = None
    error: FaultError | None = None
    http: FaultHttp | None = None
    reset: When | None = None
    hang: When | None = None
    delay: Annotated[float, Field(ge=0, le=600)] | None = None
    share: Annotated[float, Field(gt=0, le=1)] = 1.0

    @model_validator(mode="after")
    def _one_kind(self) -> "FaultBody":
        kinds = [name for name in ("error", "http", "reset", "hang") if getattr(self, name) is not None]
        if len(kinds) > 1:
            raise ValueError(f"give one of 'error', 'http', 'reset', 'hang', not {' and '.join(kinds)}")
        if not kinds and self.delay is None:
            raise ValueError("give one of 'error', 'http', 'reset', 'hang', or a 'delay'")
        return self


router = APIRouter(prefix="/faults")


@router.post("")
async def arm(request: Request) -> dict[str, int]:
    faults = mock_of(request).faults
    body = await body_as(request, FaultBody)
    fault = _fault(faults.next_id(), body)
    faults.arm(fault)
    return {"id": fault.id}


def _fault(fault_id: int, body: FaultBody) -> Fault:
    match, error, http = body.match, body.error, body.http
    recipients = None if match.to is None else frozenset(match.to)
    return Fault(
        id=fault_id,
        match=Match(match.phone_number_id, recipients, match.type, match.operation),
        left=body.times,
        asked=body.model_dump(mode="json", exclude_none=True, exclude_unset=True),
        error=error_body(error.code, error.details, error.message, error.http_status) if error else None,
        raw=RawAnswer(http.status, http.body.encode(errors="surrogatepass"), http.content_type) if http else None,
        reset=body.reset,
        hang=body.hang,
        delay=body.delay,
        share=body.share,
    )


@router.get("")
async def list_faults(request: Request) -> dict[str, Any]:
    return {"faults": [fault.shown() for fault in mock_of(request).faults]}


@router.delete("/{fault_id}")
async def disarm(request: Request, fault_id: str) -> dict[str, bool]:
    faults = mock_of(request).faults
    if not fault_id.isdecimal() or not faults.disarm(int(fault_id)):
        raise not_found("fault", fault_id, (str(fault.id) for fault in faults))
    return {"ok": True}


@router.delete("")
async def disarm_all(request: Request) -> dict[str, bool]:
    mock_of(request).faults.disarm_all()
    return {"ok": True}
