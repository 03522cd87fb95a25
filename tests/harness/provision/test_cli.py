from __future__ import annotations

import io
import re
import sys
from typing import TYPE_CHECKING

import pytest

from harness import cli
from harness.provision.cli import main
from tests.harness.provision.conftest import one_line

if TYPE_CHECKING:
    from pathlib import Path

    from tests.harness.provision.conftest import Deployment


def test_the_help_fits_into_80_columns(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit) as ended:
        cli.main(["provision", "--help"])
    said = capsys.readouterr().out
    assert ended.value.code == 0
    assert "examples:" in said
    assert not [line for line in said.splitlines() if len(line) > 80]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--base-url", "http://x"], "Which database?"),
        (["--database-url", "postgresql://h/d"], "Give its origin: --base-url"),
        (["--database-url", "postgresql://h/d", "--base-url", "crm.example.test"], "Give its origin"),
        (["--database-url", "postgresql://h/d", "--base-url", "http://x"], "has no ENCRYPTION_KEY"),
    ],
)
def test_what_is_missing_is_asked_for(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DATABASE_URL", "ENCRYPTION_KEY"):
        monkeypatch.delenv(name, raising=False)
    assert main(arguments) == 4
    assert said in one_line(capsys.readouterr().err)


def test_a_wrong_encryption_key_never_reaches_the_database(
    deployment: Deployment, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTHER_KEY", "abcdef")
    assert deployment.provision("--encryption-key-env", "OTHER_KEY") == 4
    assert "OTHER_KEY is not an encryption key" in one_line(capsys.readouterr().err)


def test_a_place_that_takes_no_file_leaves_the_database_alone(
    deployment: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    before = deployment.dump()
    assert deployment.provision("--out", "/proc/harness.toml") == 4
    assert "cannot be written" in one_line(capsys.readouterr().err)
    assert deployment.dump() == before


def test_the_file_of_somebody_else_stays(deployment: Deployment, capsys: pytest.CaptureFixture[str]) -> None:
    deployment.file.write_text("# mine\n")
    assert deployment.provision() == 4
    assert "did not write it" in one_line(capsys.readouterr().err)
    assert deployment.file.read_text() == "# mine\n"


def test_keys_of_another_account_stay_as_they_are(deployment: Deployment, capsys: pytest.CaptureFixture[str]) -> None:
    deployment.provision()
    deployment.execute(
        """UPDATE api_keys SET account_id = (SELECT id FROM accounts WHERE name LIKE 'Ada%')
        WHERE name = 'wacrm-harness full 1'"""
    )
    before = deployment.dump()
    assert deployment.provision() == 4
    assert "keys of another account" in one_line(capsys.readouterr().err)
    assert deployment.dump() == before


def test_the_next_step_is_said(
    deployment: Deployment, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("META_APP_SECRET")
    assert deployment.provision("--base-url", "https://crm.example.test") == 0
    said = capsys.readouterr().out
    assert "set first    META_APP_SECRET" in said
    assert f"next         wacrm-harness gate --target {deployment.file} --allow-host crm.example.test" in said
    assert 'app_secret = "env:META_APP_SECRET"' in deployment.file.read_text()


def test_the_app_secret_of_the_file_is_kept_when_its_variable_is_gone(
    deployment: Deployment, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    deployment.provision()
    monkeypatch.delenv("META_APP_SECRET")
    deployment.provision()
    assert 'app_secret = "the-app-secret"' in deployment.file.read_text()
    assert "set first" not in capsys.readouterr().out


def test_output_stays_within_80_columns(
    deployment: Deployment, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """But for values that cannot be broken: folders of this test, buttons, times, lists of scopes."""
    monkeypatch.chdir(deployment.file.parent)
    deployment.provision("--out", "harness.toml")
    deployment.provision("--dry-run", "--out", "new.toml")
    deployment.remove()
    lines = capsys.readouterr().out.splitlines()
    assert not [
        line
        for line in lines
        if len(line) > 80 and not re.search(r"connected |::jsonb|::timestamptz|'\{messages", line)
    ]


def test_guidance_is_printed_where_nobody_answers(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    assert main(["--guided", "--out", str(tmp_path / "x.toml")]) == 0
    assert "[ ] a key without any scope (optional)" in capsys.readouterr().out
