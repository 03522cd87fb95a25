"""What a webhook's payload is about. Tolerates payloads that are deliberately malformed."""

from collections.abc import Iterator, Mapping
from typing import Any


class Subjects:
    """``wamids`` and ``people`` (digits) once each, in order; ``statuses`` as (wamid, status)."""

    __slots__ = ("field", "people", "phone_number_id", "statuses", "wamids")

    def __init__(self, payload: object) -> None:
        self.field = ""
        self.phone_number_id: str | None = None
        self.wamids: dict[str, None] = {}
        self.people: dict[str, None] = {}
        self.statuses: list[tuple[str, str]] = []
        for change in changes_in(payload):
            self._take(change)

    def _take(self, change: Mapping[str, Any]) -> None:
        self.field = self.field or str(change.get("field", ""))
        value = change.get("value")
        if not isinstance(value, Mapping):
            return
        metadata = value.get("metadata")
        if isinstance(metadata, Mapping) and self.phone_number_id is None:
            self.phone_number_id = str(metadata.get("phone_number_id"))
        for status in objects_in(value.get("statuses")):
            self.statuses.append((str(status.get("id")), str(status.get("status"))))
            self._name(status.get("id"), status.get("recipient_id"))
        for message in objects_in(value.get("messages")):
            self._name(message.get("id"), message.get("from") or message.get("from_user_id"))
        for message in objects_in(value.get("message_echoes")):
            self._name(message.get("id"), message.get("to"))

    def _name(self, wamid: object, person: object) -> None:
        if isinstance(wamid, str):
            self.wamids[wamid] = None
        if isinstance(person, str):
            self.people[person] = None


def changes_in(payload: object) -> Iterator[Mapping[str, Any]]:
    """The changes of all entries (15.4); none of what is no webhook's payload."""
    for entry in objects_in(payload.get("entry") if isinstance(payload, Mapping) else None):
        yield from objects_in(entry.get("changes"))


def objects_in(value: object) -> list[Mapping[str, Any]]:
    """The objects of an array; none when it is no array."""
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []
