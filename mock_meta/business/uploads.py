"""Resumable upload sessions and the handles they end in (fact sheet 9)."""

import base64
from dataclasses import dataclass

from mock_meta.protocol.ids import Ids

TYPES = ("application/pdf", "image/jpeg", "image/jpg", "image/png", "video/mp4")
HANDLE_LIFE = 30 * 86400
_USER = "100012345678901"


@dataclass(slots=True)
class Session:
    """A file on its way, of which nobody asks for the bytes again: ``received`` counts them.

    ``id`` starts with ``upload:`` and carries no query.
    """

    id: str
    app_id: str
    file_type: str
    length: int
    received: int = 0
    signature: str = ""


@dataclass(frozen=True, slots=True)
class Handle:
    """What a complete upload is called in a template's example."""

    text: str
    app_id: str
    file_type: str
    expires_at: int


class Uploads:
    """Sessions by id and handles by text."""

    def __init__(self, ids: Ids) -> None:
        self._ids = ids
        self._sessions: dict[str, Session] = {}
        self._handles: dict[str, Handle] = {}

    def clear(self) -> None:
        self._sessions.clear()
        self._handles.clear()

    def open(self, app_id: str, file_type: str, length: int) -> Session:
        name = base64.urlsafe_b64encode(f"1:attachment:{self._ids.hexadecimal(16)}".encode()).decode().rstrip("=")
        session = Session(f"upload:{name}", app_id, file_type, length, signature=f"AR{self._ids.token(17)}")
        self._sessions[session.id] = session
        return session

    def find(self, session_id: str) -> Session | None:
        return self._sessions.get(session_id)

    def finish(self, session: Session, now: float) -> Handle:
        """The grammar of section 9: ``4::<mime>:<token>:e:<expiry>:<app>:<user>:<token>``."""
        mime = base64.b64encode(session.file_type.encode()).decode()
        expiry = int(now) + HANDLE_LIFE
        first, last = f"AR{self._ids.token(40)}", f"AR{self._ids.token(20)}"
        text = f"4::{mime}:{first}:e:{expiry}:{session.app_id}:{_USER}:{last}"
        handle = Handle(text, session.app_id, session.file_type, expiry)
        self._handles[text] = handle
        return handle

    def handle(self, text: str, now: float) -> Handle | None:
        """The handle behind a text, unless nobody issued it or it has expired."""
        found = self._handles.get(text)
        return found if found is not None and found.expires_at > now else None
