"""Template pacing: of a new template the first messages go out, the rest wait for its quality (fact sheet 13.5)."""

from dataclasses import dataclass, field
from typing import Protocol

from mock_meta.business.accounts import Template, TemplateCategory

_PACED = frozenset({TemplateCategory.MARKETING, TemplateCategory.UTILITY})


class Release(Protocol):
    """Sends a held message on, or fails it."""

    def __call__(self, *, good: bool) -> None: ...


@dataclass(slots=True)
class _Pace:
    """Messages let through; messages held, by wamid; and whether the template is trusted by now."""

    through: int = 0
    held: dict[str, Release] = field(default_factory=dict)
    trusted: bool = False


class Pacing:
    """``first`` messages of each template go out before its quality is known; None is no pacing at all."""

    def __init__(self) -> None:
        self.first: int | None = None
        self._paces: dict[str, _Pace] = {}

    def clear(self) -> None:
        self.first = None
        self._paces.clear()

    def must_wait(self, template: Template) -> bool:
        """Whether the next message of the template is held; one that is not counts as let through."""
        if self.first is None or template.category not in _PACED:
            return False
        pace = self._paces.setdefault(template.id, _Pace())
        if pace.trusted or pace.through < self.first:
            pace.through += 1
            return False
        return True

    def hold(self, template: Template, wamid: str, release: Release) -> None:
        self._paces[template.id].held[wamid] = release

    def holds(self, template: Template, wamid: str) -> bool:
        return template.id in self._paces and wamid in self._paces[template.id].held

    def rate(self, template: Template, *, good: bool) -> None:
        """Good quality lets go what was held, and the template is trusted; after bad quality it is paced anew."""
        pace = self._paces.pop(template.id, _Pace())
        self._paces[template.id] = _Pace(trusted=good)
        for release in pace.held.values():
            release(good=good)
