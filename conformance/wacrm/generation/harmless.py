"""Makes a generated request harmless and to the point: fictional numbers, hosts that never resolve, ids that exist."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from uuid import UUID

from conformance.contract import json_schema
from conformance.generation.tolerance import body_is_valid
from conformance.generation.traffic import ABSENT, UNPARSABLE

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Sequence

    from conformance.contract.json_schema import Json
    from conformance.generation.traffic import Request
    from conformance.wacrm.generation.memory import Memory

RECIPIENTS = 5
"""What a generated broadcast is cut to."""

IMPOSSIBLE_IDS = (
    "0",
    "null",
    "not-a-uuid",
    "7c9e6679-7425-40de-944b-e07fc1f90ae",
    "7c9e6679-7425-40de-944b-e07fc1f90aeg",
    "{7c9e6679-7425-40de-944b-e07fc1f90ae7}",
    "1' OR '1'='1",
    "é😀",
    "9" * 300,
)
"""Ids that no router, proxy or normaliser takes for another path."""

_NUMBER_MEMBERS = frozenset({"to", "phone"})
_URL_MEMBERS = frozenset({"url", "media_url", "link"})
_HOST = re.compile(r"^(\s*https?:)[/\\]*[^/?#\\]*", re.IGNORECASE)
_DIALABLE = range(7, 16)


@dataclass(frozen=True)
class KnownTemplate:
    """An approved template, and how many values its body takes."""

    name: str
    language: str
    values: int = 0


@dataclass
class Harmless:
    """Rewrites requests by one seeded generator, so that the same seed rewrites alike.

    `number` hands out fictional numbers in E.164. Of values that are valid anyway, some become ones that exist.
    """

    rng: random.Random
    number: Callable[[], str]
    memory: Memory
    templates: Sequence[KnownTemplate] = ()

    def __call__(self, request: Request) -> Request:
        request = replace(request, id=self._id(request), query=tuple(self._query(request)))
        body = request.json
        if body is ABSENT or body is UNPARSABLE:
            return request
        if isinstance(body, dict):
            body = self._recipients(self._template(self._reply(body)))
        return request.with_json(self._walk(body))

    def renumbered(self, request: Request) -> Request:
        """The same request with other numbers: a number that is known now would get another answer."""
        body = request.json
        return request if body is ABSENT or body is UNPARSABLE else request.with_json(self._walk(body))

    def _id(self, request: Request) -> str | None:
        writes = request.operation.method != "GET"
        familiar = self.memory.made if writes else self.memory.knows
        if request.id is None or familiar(request.kind, request.id):
            return request.id
        known = self._known(request.kind, own=writes)
        if not json_schema.is_uuid(request.id):
            # One thing wrong at a time: a body that is wrong as well gets an id that exists.
            alone = not known or body_is_valid(request)
            return self.rng.choice(IMPOSSIBLE_IDS) if alone else self.rng.choice(known)
        if known and self.rng.random() < 0.75:
            return self.rng.choice(known)
        # an id that a list named is somebody's row: it is read at most, never changed
        return (
            str(UUID(int=self.rng.getrandbits(128), version=4))
            if self.memory.knows(request.kind, request.id)
            else request.id
        )

    def _query(self, request: Request) -> list[tuple[str, str]]:
        kept = [(name, self._filter(name, value)) for name, value in request.query if name != "cursor"]
        return kept + [("cursor", value) for value in self._cursors(request)]

    def _cursors(self, request: Request) -> list[str]:
        """Mostly none or one that was issued: the deployment may refuse all others."""
        issued = self.memory.cursors[request.operation.id]
        given = [value for name, value in request.query if name == "cursor"]
        if not given or given[0] in issued or self.rng.random() < 0.25:
            return given
        return [self.rng.choice(issued)] if issued and self.rng.random() < 0.5 else []

    def _filter(self, name: str, value: str) -> str:
        known = self._known("contacts") if name == "contact_id" else list(self.memory.given.get("tags", ()))
        usable = name in {"contact_id", "tag"} and known and json_schema.is_uuid(value) and value not in known
        return self.rng.choice(known) if usable and self.rng.random() < 0.5 else value

    def _known(self, kind: str, *, own: bool = False) -> list[str]:
        """Ids that exist; `own` ones were created by this run, and may be changed."""
        created = list(self.memory.alive[kind])
        return created if own else created + list(self.memory.given.get(kind, ()))

    def _reply(self, body: dict[str, Json]) -> dict[str, Json]:
        """A reply to a message that exists, in its own conversation; a random id would only ever be refused."""
        wanted = body.get("reply_to_message_id")
        if not isinstance(wanted, str) or not json_schema.is_uuid(wanted) or self.rng.random() < 0.25:
            return body
        if not self.memory.sent:
            return {name: value for name, value in body.items() if name != "reply_to_message_id"}
        number, message_id = self.rng.choice(self.memory.sent)
        return body | {"to": _Fixed(number), "reply_to_message_id": message_id}

    def _template(self, body: dict[str, Json]) -> dict[str, Json]:
        if not self.templates or self.rng.random() < 0.2:
            return body
        known = self.rng.choice(self.templates)
        template = body.get("template")
        if isinstance(template, dict) and _filled(template.get("name")) and _filled(template.get("language")):
            values = {"params": _fitted(template.get("params"), known.values)}
            body = body | {"template": template | {"name": known.name, "language": known.language} | values}
        if _filled(body.get("template_name")):
            language = {"template_language": known.language} if _filled(body.get("template_language")) else {}
            body = body | {"template_name": known.name} | language
        return self._values(body, known)

    def _values(self, body: dict[str, Json], known: KnownTemplate) -> dict[str, Json]:
        recipients = body.get("recipients")
        if not isinstance(recipients, list):
            return body
        fitted = [
            entry | {"params": _fitted(entry.get("params"), known.values)} if isinstance(entry, dict) else entry
            for entry in recipients
        ]
        return body | {"recipients": fitted}

    def _recipients(self, body: dict[str, Json]) -> dict[str, Json]:
        recipients = body.get("recipients")
        return body | {"recipients": recipients[:RECIPIENTS]} if isinstance(recipients, list) else body

    def _walk(self, node: Json) -> Json:
        if isinstance(node, list):
            return [self._walk(item) for item in node]
        if isinstance(node, dict):
            return {name: self._member(name, value) for name, value in node.items()}
        return node

    def _member(self, name: str, value: Json) -> Json:
        if name in _NUMBER_MEMBERS and _dialable(value):
            return int(self._drawn().removeprefix("+")) if isinstance(value, int) else self._drawn()
        if name in _URL_MEMBERS and isinstance(value, str):
            return _HOST.sub(r"\1//generated.wacrm.invalid", value)
        return str(value) if isinstance(value, _Fixed) else self._walk(value)

    def _drawn(self) -> str:
        """Mostly a fresh number; now and then one that the deployment knows."""
        if self.memory.sent and self.rng.random() < 0.25:
            return self.rng.choice(self.memory.sent)[0]
        return self.number()


class _Fixed(str):
    """A number of ours, not to be drawn again."""

    __slots__ = ()


def _dialable(value: Json) -> bool:
    """Whether a lenient deployment might dial it."""
    if isinstance(value, _Fixed | bool) or not isinstance(value, str | int):
        return False
    return sum(character.isdigit() for character in str(value)) in _DIALABLE


def _filled(value: Json) -> bool:
    return isinstance(value, str) and bool(value)


def _fitted(params: Json, count: int) -> Json:
    """As many values as the template takes, when they are values at all."""
    if params is None:
        return ["value"] * count
    if isinstance(params, dict) and isinstance(params.get("body"), list):
        return params | {"body": _fitted(params["body"], count)}
    if isinstance(params, list) and all(isinstance(value, str) for value in params):
        return (params + ["value"] * count)[:count]
    return params
