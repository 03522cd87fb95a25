"""What a check needs and cannot have gives no verdict: it neither passes nor blames the deployment."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import tomli_w

from conformance.runner.stack import Embedded, Stack
from conformance.target.target import Receiver
from conformance.wacrm.reference import start_reference
from tests.conformance.runner.fronts import front
from tests.conftest import settings_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from conformance.target.target import Target
    from tests.conformance.runner.fronts import Answer

ROOT = Path(__file__).parents[3]
DEADLINE = 240
FULL_KEYS = 4
LIMIT = 100_000
ALL_BUT_RATE = "AUTH,SCOPE,TENANT,ENV,PAGE,CONT,CONV,MSG,BCAST,HOOK,META,SPEC"
VALID = ("full", "none", "only", "all_but", "other_account", "unconfigured")
LISTS = re.compile(r"/api/v1/(contacts|conversations|webhooks|conversations/[^/]+/messages)")


@pytest.fixture(scope="module")
def plenty() -> Iterator[Target]:
    """A deployment whose limiter is nobody's concern, and whose webhooks nobody receives."""
    with Stack(seed=1) as stack:
        stack.start_receiver()
        target = start_reference(stack, Embedded(limit=LIMIT))
        stack.kill("conformance.webhooks.receiver")
        assert stack.receiver is not None
        yield target.model_copy(update={"receiver": Receiver(origin=stack.receiver["origin"])})


@pytest.fixture
def settings(plenty: Target) -> dict[str, Any]:
    """Its target file, with few keys, and little patience for what does not come."""
    sections = settings_of(plenty)
    sections["keys"]["full"] = sections["keys"]["full"][:FULL_KEYS]
    sections["keys"]["other_account"] = sections["keys"]["other_account"][:2]
    sections["target"] |= {"patience": 0.3, "limit": LIMIT}
    return sections


def verdicts(settings: dict[str, Any], folder: Path, *selected: str) -> dict[str, str]:
    """The verdicts of the clauses that are selected, as `--group HOOK`."""
    file = folder / "harness.toml"
    file.write_text(tomli_w.dumps(settings))
    command = [sys.executable, "-m", "harness.cli", "gate", "--target", str(file), *selected]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=DEADLINE, check=False
    )
    found = list(folder.glob("reports/out/*/results.json"))
    assert found, done.stdout + done.stderr
    return {clause["id"]: clause["verdict"] for clause in json.loads(found[0].read_text())["clauses"]}


def of(verdict: str, found: Mapping[str, str]) -> set[str]:
    return {clause for clause, given in found.items() if given == verdict}


@dataclass
class Preflight:
    """Knows the preflight, `GET /me` and the one send of the interlock, from what comes after it."""

    sent: bool = False
    over: bool = False

    def sees(self, method: str, path: str) -> bool:
        """Whether a request is the preflight's."""
        is_interlock = not self.sent and (method, path) == ("POST", "/api/v1/messages")
        self.sent = self.sent or is_interlock
        its = is_interlock or path == "/api/v1/me"
        self.over = self.over or not its
        return its


def as_json(status: int, body: object, **headers: str) -> Answer:
    return status, {"Content-Type": "application/json", **headers}, json.dumps(body).encode()


def test_a_target_that_limits_everything(settings: dict[str, Any], tmp_path: Path) -> None:
    """429 for every request with a key that is valid, once the preflight is over."""
    keys = {key for role in VALID for key in _flat(settings["keys"].get(role, []))}
    preflight, limited = Preflight(), {"error": {"code": "rate_limited", "message": "later"}}

    def instead(method: str, path: str, headers: Mapping[str, str]) -> Answer | None:
        key = headers.get("authorization", "").removeprefix("Bearer ")
        if key not in keys or preflight.sees(method, path):
            return None
        return as_json(429, limited, **{"Retry-After": "0"})

    with front(settings["target"]["base_url"], instead) as settings["target"]["base_url"]:
        found = verdicts(settings, tmp_path, "--group", ALL_BUT_RATE)
    assert of("pass", found) == {"AUTH-06", "AUTH-07", "META-01"}, "these need no more than /me and the handshake"
    assert of("fail", found) == {"SPEC-04"}, "this 429 lacks the documented headers"


def _flat(keys: Any) -> list[str]:
    """The keys of a role, or of all roles of a kind."""
    values = keys.values() if isinstance(keys, dict) else [keys]
    return [key for value in values for key in ([value] if isinstance(value, str) else value)]


def test_a_target_whose_lists_are_empty(settings: dict[str, Any], tmp_path: Path) -> None:
    """That a row is missing is a finding; what would be wrong with it, or that no other row is there, is not known."""

    def instead(method: str, path: str, _headers: Mapping[str, str]) -> Answer | None:
        listed = method == "GET" and LISTS.fullmatch(path.partition("?")[0])
        return as_json(200, {"data": [], "meta": {"next_cursor": None}}) if listed else None

    with front(settings["target"]["base_url"], instead) as settings["target"]["base_url"]:
        found = verdicts(settings, tmp_path, "--clause", "TENANT-03,CONT-03,CONV-02")
    assert set(found.values()) == {"no-verdict"}, found


def test_a_mock_that_can_no_longer_be_asked(settings: dict[str, Any], tmp_path: Path) -> None:
    """Its control interface fails once the preflight is over: the judge's trouble, and so an error."""
    preflight = Preflight()

    def watched(method: str, path: str, _headers: Mapping[str, str]) -> Answer | None:
        preflight.sees(method, path)
        return None

    def gone(_method: str, _path: str, _headers: Mapping[str, str]) -> Answer | None:
        return as_json(503, {"error": "gone"}) if preflight.over else None

    control = settings["meta"]["control"].removesuffix("/_control")
    with front(settings["target"]["base_url"], watched) as settings["target"]["base_url"], front(control, gone) as mock:
        settings["meta"]["control"] = f"{mock}/_control"
        found = verdicts(settings, tmp_path, "--clause", "CONT-01,MSG-01,MSG-02,MSG-08,BCAST-07,CONV-04,META-08")
    assert found.pop("CONT-01") == "pass", "it needs no mock"
    assert set(found.values()) == {"error"}, found


def test_a_mock_whose_webhooks_do_not_arrive(settings: dict[str, Any], tmp_path: Path) -> None:
    settings["target"]["webhook_url"] = "http://127.0.0.1:9/api/whatsapp/webhook"
    found = verdicts(settings, tmp_path, "--group", "META")
    assert found.pop("META-08") == "pass", "it is about what the deployment sends"
    assert set(found.values()) == {"no-verdict"}, found


def test_a_receiver_that_the_target_does_not_reach(settings: dict[str, Any], tmp_path: Path) -> None:
    found = verdicts(settings, tmp_path, "--group", "HOOK")
    assert of("pass", found) == {"HOOK-02"}, "what is refused is never delivered"
    assert of("fail", found) == set()
