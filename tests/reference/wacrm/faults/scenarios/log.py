"""What a scenario is, and the facts that it writes down: equal runs give equal facts."""

import re
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import httpx

from tests.reference.wacrm.conftest import FIRST, SECOND, Deployment
from tests.reference.wacrm.domain.test_admission import UUID

_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
_NOISE = re.compile(r"whsec_[\w-]{43}|(?<=next_cursor\":\")[\w-]+|t=\d{10},v1=[0-9a-f]{64}")
IMAGE = "https://media.wacrm.invalid/a.png"
ALL_EVENTS = ("message.received", "message.status_updated", "conversation.created")


class Log:
    """Facts, with ids numbered in the order of their appearance, and times left out."""

    def __init__(self) -> None:
        self.facts: list[str] = []
        self._ids: dict[str, str] = {FIRST: "first", SECOND: "second", UUID: "none"}

    def __call__(self, *facts: object) -> None:
        for fact in facts:
            text = (
                f"{fact.status_code} {dict(_told(fact))} {fact.text}" if isinstance(fact, httpx.Response) else str(fact)
            )
            text = _NOISE.sub("…", _TIME.sub("T", text))
            self.facts.append(_ID.sub(lambda match: self._ids.setdefault(match[0], f"#{len(self._ids)}"), text))


def _told(response: httpx.Response) -> list[tuple[str, str]]:
    return [
        (n, v) for n, v in response.headers.items() if n != "content-length" and "reset" not in n and "after" not in n
    ]


Scenario = Callable[[Deployment, Log], None]
SCENARIOS: defaultdict[str, list[Scenario]] = defaultdict(list)


def of(*groups: str) -> Callable[[Scenario], Scenario]:
    def declare(scenario: Scenario) -> Scenario:
        for group in groups:
            SCENARIOS[group].append(scenario)
        return scenario

    return declare


BODIES: dict[str, Any] = {
    "/messages": {"to": "+14155550100", "text": "x"},
    "/contacts": {"phone": "+14155550100"},
    "/broadcasts": {"template_name": "promo", "recipients": [{"to": "+14155550100"}]},
    "/webhooks": {"url": "https://hooks.example/", "events": ["message.received"]},
}
