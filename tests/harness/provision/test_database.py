from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from psycopg import errors

from harness.provision.cli import main
from harness.provision.database import explain
from tests.harness.provision.conftest import PASSWORD, Deployment, Server, one_line

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def refused(url: str, out: Path, capsys: pytest.CaptureFixture[str]) -> str:
    code = main(["--database-url", url, "--base-url", "http://127.0.0.1:3000", "--out", str(out)])
    captured = capsys.readouterr()
    assert code == 4
    assert PASSWORD not in captured.out + captured.err
    assert not out.exists()
    return one_line(captured.err)


def test_no_server(deployment: Deployment, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = refused(f"postgresql://me:secret-word@/db?host={tmp_path}", deployment.file, capsys)
    assert f"No connection to PostgreSQL at {tmp_path}, port 5432." in said
    assert "No such file or directory" in said
    assert "secret-word" not in said


def test_wrong_password(deployment: Deployment, capsys: pytest.CaptureFixture[str]) -> None:
    said = refused(deployment.server.url(deployment.name, password="wrong-word"), deployment.file, capsys)
    assert "refuses the password of role tester" in said
    assert "wrong-word" not in said


def test_no_such_database(deployment: Deployment, capsys: pytest.CaptureFixture[str]) -> None:
    assert 'database "nowhere" does not exist' in refused(deployment.server.url("nowhere"), deployment.file, capsys)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:secret-word%zz@h/db",
        "postgresql://h:port-word/db",
        "secret-word",
        "postgresql://me:secret-word/x@h/d",
        "postgresql://me:a@secret-word@h/d",
        "postgresql://me:12/secret-word@h/d",
    ],
)
def test_a_url_that_is_none(url: str, deployment: Deployment, capsys: pytest.CaptureFixture[str]) -> None:
    said = refused(url, deployment.file, capsys)
    assert "postgresql://role:password@host:5432/database" in said
    assert "word@" not in said.replace("password@", "")
    assert "secret-word" not in said


def test_no_permission(deployment: Deployment, capsys: pytest.CaptureFixture[str]) -> None:
    deployment.execute(f"CREATE ROLE weak_{deployment.name} LOGIN PASSWORD '{PASSWORD}'")
    said = refused(deployment.server.url(deployment.name, f"weak_{deployment.name}"), deployment.file, capsys)
    assert "permission denied" in said
    assert "role that owns the tables" in said


def test_rows_hidden_by_a_policy_are_no_empty_table(
    deploy: Callable[[str], Deployment], server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    plain = deploy("plain")
    plain.execute(
        f"CREATE ROLE blind LOGIN PASSWORD '{PASSWORD}'; GRANT ALL ON ALL TABLES IN SCHEMA public TO blind;"
        "ALTER TABLE accounts ENABLE ROW LEVEL SECURITY"
    )
    said = refused(server.url(plain.name, "blind"), plain.file, capsys)
    assert "row-level security policy" in said


def test_a_replica(deployment: Deployment, capsys: pytest.CaptureFixture[str]) -> None:
    deployment.execute(f"ALTER DATABASE {deployment.name} SET default_transaction_read_only = on")
    assert "read-only" in refused(deployment.url, deployment.file, capsys)


def test_a_refused_value_names_the_column_s_flag(deployment: Deployment, capsys: pytest.CaptureFixture[str]) -> None:
    deployment.execute("ALTER TABLE message_templates ADD CHECK (status <> 'APPROVED')")
    said = refused(deployment.url, deployment.file, capsys)
    assert "message_templates_status_check" in said
    assert "--column message_templates.COLUMN=VALUE" in said


@pytest.mark.parametrize("kind", [errors.SerializationFailure, errors.LockNotAvailable, errors.DeadlockDetected])
def test_a_run_that_goes_on_meanwhile_is_to_be_stopped(kind: type[errors.Error]) -> None:
    assert "Stop the run" in explain(kind())
