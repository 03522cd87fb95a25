"""Drives Schemathesis as a generator: it makes the requests, the checker checks the answers.

None of Schemathesis' own checks run and nothing ever fails inside it, so that every run sends what the seed says. Its
requests leave through an adapter of the session that its engine uses; no other adapter is mounted.
"""

from __future__ import annotations

import copy
import threading
from collections import Counter
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import requests
import schemathesis.openapi
from requests.adapters import BaseAdapter
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events
from schemathesis.engine.context import EngineContext, make_session
from schemathesis.engine.core import ExecutionPlan
from schemathesis.engine.run import Phase, PhaseName
from urllib3 import HTTPHeaderDict, HTTPResponse

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from conformance.generation.system_rules import Rules
    from conformance.generation.traffic import Answer

    Handle = Callable[[str, str, bytes | None], Answer | None]

BASE_URL = "http://target.invalid/api/v1"
"""Never resolved: the adapter takes method, path and body from the request and leaves the origin."""

STEPS = 6


class Mode(StrEnum):
    """What is generated."""

    VALID = "valid"
    INVALID = "invalid"
    SEQUENCES = "sequences"

    @property
    def phases(self) -> tuple[PhaseName, ...]:
        match self:
            case Mode.VALID:
                return (PhaseName.EXAMPLES, PhaseName.COVERAGE, PhaseName.FUZZING)
            case Mode.INVALID:
                return (PhaseName.COVERAGE, PhaseName.FUZZING)
            case Mode.SEQUENCES:
                return (PhaseName.STATEFUL_TESTING,)


def generate(
    mode: Mode, rules: Rules, *, seed: int, max_examples: int, without: Collection[str], handle: Handle
) -> Iterator[str]:
    """Generate requests and give each to `handle(method, url, body)`; when that returns None, end.

    Yields what Schemathesis could not do, one line each. `max_examples`: per operation, or sequences.
    """
    generated = schemathesis.openapi.from_dict(_document(rules, without), config=_config(mode, seed, max_examples))
    context = _Context(schema=generated, stop_event=threading.Event())
    context.adapter = _Adapter(handle, context.stop)
    for phase in mode.phases:
        yield from (
            _repeated(phase, context, max_examples) if mode is Mode.SEQUENCES else _once(phase, context, Counter())
        )


def _repeated(phase: PhaseName, context: _Context, sequences: int) -> Iterator[str]:
    """Run a phase until it has made so many sequences.

    Hypothesis gives up when the same choices meet another state of the target, as they must; the next turn has another
    seed. Turns that bring nothing end it.
    """
    made: Counter[str] = Counter()
    for _ in range(sequences):
        before = made.total()
        yield from _once(phase, context, made)
        if context.has_to_stop or not before < made.total() < sequences:
            return


def _once(phase: PhaseName, context: _Context, made: Counter[str]) -> Iterator[str]:
    for event in ExecutionPlan([Phase(phase)]).execute(context):
        if isinstance(event, events.NonFatalError):
            yield f"{phase}: {event.label}: {event.info.title}: {event.info.message}"
        if isinstance(event, events.ScenarioFinished):
            made[phase] += 1


class _Context(EngineContext):
    """An engine whose only way out is the adapter."""

    adapter: _Adapter

    def get_session(self, *, operation: Any = None) -> requests.Session:  # noqa: ANN401 - as in the class above
        session: requests.Session | None = getattr(self._thread_local, "session", None)
        if session is None:
            session = make_session(self.config, operation=operation)
            session.trust_env = False
            session.adapters.clear()
            session.mount("http://", self.adapter)
            self._thread_local.session = session
        return session


class _Adapter(BaseAdapter):
    def __init__(self, handle: Handle, stop: Callable[[], None]) -> None:
        super().__init__()
        self._handle, self._stop = handle, stop

    def send(self, request: requests.PreparedRequest, *_args: Any, **_kwargs: Any) -> requests.Response:  # noqa: ANN401
        answer = self._handle(request.method or "", request.url or "", _bytes(request.body))
        if answer is None:
            self._stop()
            return _response(request, 404, HTTPHeaderDict(), b"")
        return _response(request, answer.status or 0, HTTPHeaderDict(answer.answer_headers), answer.content)

    def close(self) -> None:
        pass


def _bytes(body: Any) -> bytes | None:  # noqa: ANN401 - whatever requests prepared
    return body.encode() if isinstance(body, str) else body


def _response(
    request: requests.PreparedRequest, status: int, headers: HTTPHeaderDict, content: bytes
) -> requests.Response:
    # The content is decoded already, and as long as it is.
    for name in ("content-encoding", "content-length", "transfer-encoding"):
        headers.discard(name)
    response = requests.Response()
    response.status_code, response.request, response.url = status, request, request.url or ""
    response.headers.update(headers)
    response.raw = HTTPResponse(body=content, headers=headers, status=status, preload_content=False)
    response._content = content  # noqa: SLF001 - what reading the stream would set
    return response


def _config(mode: Mode, seed: int, max_examples: int) -> SchemathesisConfig:
    """Everything off that learns from answers, writes files or probes on its own account."""
    off = {"extra-data-sources": {"responses": False}}
    return SchemathesisConfig.from_dict({
        "seed": seed,
        "base-url": BASE_URL,
        "workers": 1,
        "max-redirects": 0,
        "cache": {"enabled": False},
        "suppress-health-check": ["all"],
        "analysis": {"constants": {"enabled": False}},
        "checks": {"enabled": False},
        "generation": {
            "mode": "negative" if mode is Mode.INVALID else "positive",
            "max-examples": max_examples,
            "database": "none",
            "no-shrink": True,
            "with-security-parameters": False,
        },
        "phases": {
            "examples": {"fill-missing": True, **off},
            "coverage": {"unexpected-methods": [], **off},
            "fuzzing": {"error-feedback": {"enabled": False}, **off},
            "stateful": {"max-steps": STEPS, "inference": {"algorithms": []}, "link-calibration": False},
        },
    })  # fmt: skip


def _document(rules: Rules, without: Collection[str]) -> dict[str, Any]:
    """The specification as the generator gets it: authentication is the sender's business."""
    raw: dict[str, Any] = copy.deepcopy(dict(rules.specification.document))
    for member in ("security", "webhooks"):
        raw.pop(member, None)
    raw["components"].pop("securitySchemes", None)
    for left_out in map(rules.specification.operation, without):
        del raw["paths"][left_out.path][left_out.method.lower()]
    rules.narrowed(raw)
    return raw
