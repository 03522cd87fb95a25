"""Deliveries as checks look for them, and the target's clock."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from email.utils import formatdate
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from conformance.target.exchange import Exchange
from conformance.target.verdicts import NoVerdict
from conformance.wacrm.steps.endpoints import (
    CREATED,
    RECEIVED,
    as_evidence,
    clock_skew,
    clock_skews,
    event_data,
    matches_event,
    require_accepted,
)
from conformance.webhooks.receiver_client import Attempt


def attempt(body: object) -> Attempt:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Attempt(1, 0.0, 0.0, "POST", "/x", {}, raw)


DELIVERY = {"event": RECEIVED, "data": {"contact_id": "c", "text": None}}


def test_a_delivery_matches_by_event_and_values() -> None:
    assert matches_event(attempt(DELIVERY), RECEIVED, {})
    assert matches_event(attempt(DELIVERY), RECEIVED, {"contact_id": "c", "text": None})
    assert not matches_event(attempt(DELIVERY), CREATED, {})
    assert not matches_event(attempt(DELIVERY), RECEIVED, {"contact_id": "d"})


@pytest.mark.parametrize("body", [b"no json", [], {"event": RECEIVED}, {"event": RECEIVED, "data": []}])
def test_anything_but_a_delivery_matches_no_event(body: object) -> None:
    assert not matches_event(attempt(body), RECEIVED, {})
    with pytest.raises(NoVerdict):
        event_data(attempt(body))


def test_evidence_is_one_short_line() -> None:
    (line,) = as_evidence([attempt(b'{\n "a":  1}' + b"x" * 1000)])
    assert line.startswith('POST /x: { "a": 1}xxx')
    assert len(line) < 450


@pytest.mark.parametrize(("ahead", "low", "high"), [(0, 0, 0), (1, 0, 0), (90, 88, 91), (-3600, -3602, -3599)])
def test_skew_is_what_the_date_header_says(ahead: float, low: float, high: float) -> None:
    headers = httpx.Headers({"date": formatdate(time.time() + ahead, usegmt=True)})
    answer = Exchange("GET", "http://127.0.0.1/", {}, b"", None, 200, headers, b"", time.monotonic(), 0.0)
    assert low <= clock_skew(answer) <= high


def test_the_clocks_of_proxy_and_application_are_both_measured() -> None:
    headers = httpx.Headers({"date": formatdate(usegmt=True)})
    ahead = datetime.fromtimestamp(time.time() + 90, UTC).isoformat()
    body = json.dumps({"data": {"created_at": ahead}}).encode()
    found = clock_skews(Exchange("POST", "http://127.0.0.1/", {}, b"", None, 201, headers, body, time.monotonic(), 0.0))
    assert min(found) == 0.0
    assert max(found) == pytest.approx(90, abs=2)


@pytest.mark.parametrize("headers", [{}, {"date": "yesterday"}])
def test_without_a_date_there_is_no_skew(headers: dict[str, str]) -> None:
    answer = Exchange("GET", "http://127.0.0.1/", {}, b"", None, 200, httpx.Headers(headers), b"", 0.0, 0.0)
    assert clock_skew(answer) == 0.0


def registering(accepted: str) -> Any:
    """An API that registers endpoints whose URL begins like this, and refuses the rest."""

    def post(_: str, body: dict[str, Any]) -> Any:
        status = 201 if body["url"].startswith(accepted) else 400
        return SimpleNamespace(status=status, json=lambda: {"data": {"id": "e"}} if status == 201 else {})

    return SimpleNamespace(post=post, delete=lambda _: None)


RECEIVER: Any = SimpleNamespace(origin="https://127.0.0.1:1", url=lambda path: f"https://127.0.0.1:1{path}")


def test_a_receiver_that_is_refused_as_internal_is_a_matter_of_set_up() -> None:
    with pytest.raises(NoVerdict, match="--netns"):
        require_accepted(registering("https://hooks.wacrm.invalid"), RECEIVER)


@pytest.mark.parametrize("accepted", ["https://127.0.0.1:1", "nothing at all"])
def test_a_target_that_refuses_every_endpoint_is_judged(accepted: str) -> None:
    require_accepted(registering(accepted), RECEIVER)
