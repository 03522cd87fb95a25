"""``POST /{app_id}/uploads`` and ``/upload:…``: samples for template headers (fact sheet 9)."""

from mock_meta.business.uploads import TYPES, Session
from mock_meta.graph.routes import NodeKind, ResolvedCall, Route
from mock_meta.mock import Mock
from mock_meta.protocol.answer import Answer, ok
from mock_meta.protocol.errors import invalid, unknown_object
from mock_meta.protocol.numbers import whole
from mock_meta.rules.value_checks import printed, required

_MOST = 100 * 1024 * 1024


def create(mock: Mock, call: ResolvedCall) -> Answer:
    """Opens a session; its id carries a signature that callers append as they got it."""
    length = _length(call.params.get("file_length"))
    kind = call.params.get("file_type")
    if kind is None or kind == "":
        raise required("file_type")
    if kind not in TYPES:
        raise invalid(f'Param file_type must be one of {{{", ".join(TYPES)}}} - got "{printed(kind)}".')
    session = mock.uploads.open(call.node_id, str(kind), length)
    return ok({"id": f"{session.id}?sig={session.signature}"})


def _length(value: object) -> int:
    if value is None or value == "":
        raise required("file_length")
    length = whole(value)
    if not length or length > _MOST:
        raise invalid(f'Param file_length must be a positive integer - got "{printed(value)}".')
    return length


def append(mock: Mock, call: ResolvedCall) -> Answer:
    """Raw bytes at ``file_offset``; the handle once the file is complete, until then where to go on."""
    session = _session(call)
    offset = call.headers.get("file_offset")
    if offset is None:
        raise required("file_offset")
    if whole(offset) != session.received:
        raise invalid(f"Param file_offset must be {session.received} - got {offset}.")
    if session.received + len(call.body) > session.length:
        raise invalid(f"The file is longer than the announced {session.length} bytes.")
    session.received += len(call.body)
    if session.received < session.length:
        return _progress(session)
    return ok({"h": mock.uploads.finish(session, mock.clock()).text})


def progress(_mock: Mock, call: ResolvedCall) -> Answer:
    return _progress(_session(call))


def _progress(session: Session) -> Answer:
    return ok({"id": session.id, "file_offset": session.received})


def _session(call: ResolvedCall) -> Session:
    session = call.node.upload if call.node is not None else None
    signature = call.query.get("sig")
    if session is None or signature not in (None, session.signature):
        raise unknown_object(call.method, call.node_id)
    return session


routes = (
    Route("POST", NodeKind.APP, "uploads", "uploads.create", create),
    Route("POST", NodeKind.UPLOAD, "", "uploads.append", append),
    Route("GET", NodeKind.UPLOAD, "", "uploads.get", progress),
)
