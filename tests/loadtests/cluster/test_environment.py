"""Nothing is loaded before it is proved where its messages go."""

from __future__ import annotations

import json
from contextlib import ExitStack
from typing import TYPE_CHECKING

from conformance.meta.mock_client import MockMeta
from conformance.runner.process import Process
from conformance.runner.stack import Embedded
from conformance.wacrm.reference import new_accounts, target_of
from reports.results import ExitCode
from tests.loadtests import driving

if TYPE_CHECKING:
    from pathlib import Path

    from conformance.target.target import Target

NOWHERE = "http://127.0.0.1:9/v21.0"


def harness_toml(target: Target) -> str:
    assert target.meta is not None
    keys = ", ".join(json.dumps(key.get_secret_value()) for key in target.keys.full)
    meta = {
        "control": target.meta.control, "phone_number_id": target.meta.phone_number_id, "waba_id": target.meta.waba_id,
        "app_secret": target.meta.app_secret.get_secret_value(), "verify_token": target.meta.verify_token.get_secret_value(),
    }  # fmt: skip
    lines = [f"{name} = {json.dumps(value)}" for name, value in meta.items()]
    return "\n".join([f'[target]\nbase_url = "{target.target.base_url}"', f"[keys]\nfull = [{keys}]", "[meta]", *lines])


def test_a_deployment_that_does_not_talk_to_the_mock_is_never_loaded(tmp_path: Path) -> None:
    accounts = new_accounts(60)
    file = tmp_path / "accounts.json"
    file.write_text(json.dumps(accounts), encoding="utf-8")
    with ExitStack() as leaving:
        mock = Process("mock_meta", "--port", "0")
        leaving.callback(mock.stop)
        reference = Process("reference.wacrm", "--port", "0", "--accounts", str(file), "--graph-url", NOWHERE)
        leaving.callback(reference.stop)
        target = target_of(accounts, reference.address, mock.address["control"], Embedded())
        (tmp_path / "harness.toml").write_text(harness_toml(target), encoding="utf-8")
        done = driving.run(tmp_path, "-u", "5", "-t", "5s", "--target", str(tmp_path / "harness.toml"))
        provider = MockMeta(mock.address["control"])
        leaving.callback(provider.client.close)
        sent = provider.sends()
    assert done.code == ExitCode.SETUP
    assert "not wired to mock Meta" in done.err
    assert sent == []
    assert done.results == {}
