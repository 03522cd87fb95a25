"""A broadcast's submission, and what Meta was asked to send for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from conformance.target.numbers import digits

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


@dataclass(frozen=True)
class Submission:
    """What was submitted. `params` are, by digits, the allowed body parameters of a recipient: several when it is
    listed several times. `marker` is in every value, so that a message can be attributed to this broadcast.
    """

    marker: str
    template: str
    language: str
    params: Mapping[str, frozenset[tuple[str, ...]]]

    @property
    def recipients(self) -> frozenset[str]:
        return frozenset(self.params)


@dataclass(frozen=True)
class SendRequest:
    """One request to send a template, as Meta received it. `wamid` is None unless Meta accepted it; `answered`: Meta
    has answered.
    """

    to: str
    template: str
    language: str
    params: tuple[str, ...]
    wamid: str | None
    answered: bool
    at: float
    seconds: float = 0.0

    @property
    def done_at(self) -> float:
        """Unix time at which Meta had answered."""
        return self.at + self.seconds


def send_requests(submission: Submission, entries: Iterable[Mapping[str, Any]], prefix: str) -> list[SendRequest]:
    """The ledger's sends of this broadcast: with its marker, or to one of its recipients and without any marker of
    this run.

    `prefix` is shared by all markers of the run.
    """
    found = []
    for entry in entries:
        unmarked = (
            digits(entry["to"]) in submission.recipients and entry["type"] == "template" and prefix not in entry["raw"]
        )
        if submission.marker in entry["raw"] or unmarked:
            found.append(_post(entry))
    return found


def _post(entry: Mapping[str, Any]) -> SendRequest:
    template = _object(entry["body"], "template")
    language = _object(template, "language")
    return SendRequest(
        to=digits(entry["to"]), template=str(template.get("name")), language=str(language.get("code")),
        params=tuple(_texts(template)), wamid=entry["wamid"], answered=entry["duration"] is not None, at=entry["at"],
        seconds=entry["duration"] or 0.0,
    )  # fmt: skip


def _object(holder: Any, member: str) -> dict[str, Any]:  # noqa: ANN401 - JSON
    found = holder.get(member) if isinstance(holder, dict) else None
    return found if isinstance(found, dict) else {}


def _texts(template: Mapping[str, Any]) -> Iterator[str]:
    components = template.get("components")
    for component in components if isinstance(components, list) else []:
        if component.get("type") == "body":
            yield from (str(value.get("text")) for value in component.get("parameters") or [])
