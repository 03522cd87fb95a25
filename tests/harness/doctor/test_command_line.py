"""`wacrm-harness doctor` on the reference: all is ok, and each broken wire gives its line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

from conformance.runner.stack import Stack
from harness.doctor.command_line import main
from reports.results import ExitCode
from service.listening import listen

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Examine = Callable[..., str]

NOTHING_LISTENS = "http://127.0.0.1:9"
WITHOUT_MOCK = {"meta.control": f"{NOTHING_LISTENS}/_control"}
"""Ends an examination early, where it is about the keys."""


def test_a_deployment_that_is_set_up_has_nothing_to_mend(examine: Examine, settings: dict[str, Any]) -> None:
    printed = examine(code=ExitCode.PROVED)
    for wire in ("deployment", "clock", "keys.full", "keys.only", "mock from here", "mock from deployment",
                 "webhook from mock", "verify token", "app secret", "templates", "receiver"):  # fmt: skip
        assert f"ok {wire} " in printed
    assert "will be checked" in printed
    assert "note" not in printed
    assert printed.endswith("nothing to mend")
    authorization = {"Authorization": f"Bearer {settings['keys']['full'][0]}"}
    left = httpx.get(f"{settings['target']['base_url']}/api/v1/webhooks", headers=authorization, trust_env=False)
    assert left.json()["data"] == []


@pytest.mark.parametrize(("changes", "expected"), [
    ({"target.base_url": NOTHING_LISTENS}, "mend deployment http://127.0.0.1:9/api/v1/me: connection refused"),
    ({"meta.app_secret": "other"}, "mend app secret a body signed with meta.app_secret is answered HTTP 401"),
    ({"meta.verify_token": "other"}, "mend verify token the handshake with meta.verify_token is answered HTTP 403"),
    ({"receiver.port": 0}, "mend receiver the deployment does not register an endpoint at https://127.0.0.1"),
], ids=lambda given: next(iter(given)) if isinstance(given, dict) else "")  # fmt: skip
def test_a_broken_wire_gives_its_line(examine: Examine, changes: dict[str, Any], expected: str) -> None:
    assert expected in examine(changes)


def test_a_dead_mock_leaves_the_deployments_own_webhook_to_be_examined(examine: Examine) -> None:
    printed = examine(WITHOUT_MOCK)
    assert "mend mock from here mock Meta at http://127.0.0.1:9/_control does not answer" in printed
    assert "ok app secret" in printed
    assert "the gate does not start before this is mended: mock from here" in printed
    assert "templates" not in printed


def test_a_mock_that_the_deployment_does_not_talk_to(examine: Examine) -> None:
    with Stack(seed=2) as stack:
        control = stack.start("mock_meta", "--port", "0")["control"]
        printed = examine({"meta.control": control})
    assert "mend mock from deployment the deployment is not wired to mock Meta" in printed


def test_a_key_with_other_scopes_than_its_role_says(examine: Examine, settings: dict[str, Any]) -> None:
    printed = examine({"keys.none": [settings["keys"]["only"]["contacts:read"]], **WITHOUT_MOCK})
    assert "mend keys.none keys.none[0] has the scope contacts:read" in printed
    assert "mend keys keys.none[0] and keys.only:contacts:read are one key" in printed


def test_a_key_of_the_wrong_account(examine: Examine, settings: dict[str, Any]) -> None:
    keys = settings["keys"]
    printed = examine({"keys.full": keys["full"][:3], "keys.other_account": keys["full"][3:4], **WITHOUT_MOCK})
    assert "mend keys.other_account keys.other_account[0] is of the same account as keys.full[0]" in printed
    strange = [*keys["full"], keys["other_account"][0]]
    printed = examine({"keys.full": strange, "keys.other_account": [], **WITHOUT_MOCK})
    assert "mend keys.full keys.full[6] is not of the account of keys.full[0]" in printed
    assert "not checked, since keys.other_account is not given: TENANT" in printed


def test_a_key_that_should_be_refused_is_left_to_the_gate(examine: Examine, settings: dict[str, Any]) -> None:
    keys = settings["keys"]["full"]
    printed = examine({"keys.full": keys[:5], "keys.revoked": keys[5:], **WITHOUT_MOCK})
    assert "note keys.revoked keys.revoked[0] is answered 200, not 401" in printed


def test_a_receiver_whose_authority_the_deployment_does_not_trust(examine: Examine, tmp_path: Path) -> None:
    printed = examine({"receiver.ca": str(tmp_path / "other.pem")})
    assert "the deployment tried and failed (1 counted)" in printed
    assert "Does the deployment trust" in printed
    assert "hardly a verdict until the receiver is mended:" in printed


def test_a_receiver_that_cannot_listen(examine: Examine) -> None:
    with listen("127.0.0.1", 0) as taken:
        printed = examine({"receiver.port": taken.getsockname()[1]})
    assert "mend receiver" in printed
    assert "choose another port with receiver.port" in printed


def test_a_file_that_cannot_be_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--target", str(tmp_path / "missing.toml")]) == ExitCode.SETUP
    assert "cannot be read" in capsys.readouterr().err
