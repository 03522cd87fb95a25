"""A call and what became of it, as a ledger entry."""

from urllib.parse import quote

from mock_meta.graph.routes import ResolvedCall
from mock_meta.ledger.entries import Outcome, RequestEntry
from mock_meta.protocol.answer import Answer
from mock_meta.protocol.call import Call
from mock_meta.protocol.errors import ErrorBody
from mock_meta.simulation.faults import Fault

_PATH, _PARAMETER, _UNKNOWN_OBJECT = 2500, 100, 33


def make_entry(at: float, call: ResolvedCall, answer: Answer | None) -> RequestEntry:
    """``outcome`` tells what Meta did with the call, ``status`` what the caller was told (None: the line was cut)."""
    error = _error(answer, call.fault)
    return RequestEntry(
        at=at,
        method=call.method,
        path=call.path,
        query={name: "***" if name == "access_token" else value for name, value in call.query.items()},
        version=call.at.version,
        operation=call.operation,
        scheme=call.credential.scheme,
        token_known=bool(call.caller.accounts),
        content_type=call.content_type,
        raw=_shown_body(call),
        phone_number_id=call.phone_number_id,
        to=call.to,
        type=call.type,
        wamid=answer.wamid if answer else None,
        outcome=_outcome(answer),
        status=_status(answer, call.fault),
        error={"code": error.code, "message": error.message, "details": error.details} if error else None,
        problems=call.problems + _ill_formed(answer),
    )


def _shown_body(call: Call) -> bytes:
    """The body, without the token that it may carry."""
    token = call.credential.token
    if not token or "access_token" not in call.params:
        return call.body
    spellings = token.encode("utf-8", "replace"), quote(token, safe="", errors="replace").encode()
    return call.body.replace(spellings[0], b"***").replace(spellings[1], b"***")


def _outcome(answer: Answer | None) -> Outcome:
    """A message taken before the line was cut is accepted: Meta will deliver it."""
    if answer is None:
        return Outcome.FAULT
    return Outcome.ACCEPTED if answer.error is None else Outcome.REFUSED


def _status(answer: Answer | None, fault: Fault | None) -> int | None:
    if fault is not None and (fault.reset or fault.hang):
        return None
    if fault is not None and fault.raw is not None:
        return fault.raw.status
    if fault is not None and fault.error is not None:
        return fault.error.http
    return answer.status if answer else None


def _error(answer: Answer | None, fault: Fault | None) -> ErrorBody | None:
    return fault.error if fault is not None and fault.error is not None else answer.error if answer else None


def _ill_formed(answer: Answer | None) -> list[str]:
    """Code 100 is about the call's form, unless it means an object that is not there."""
    error = answer.error if answer else None
    if error is None or error.code not in {_PATH, _PARAMETER} or error.subcode == _UNKNOWN_OBJECT:
        return []
    return [f"{'path' if error.code == _PATH else 'body'}: {error.message}"]
