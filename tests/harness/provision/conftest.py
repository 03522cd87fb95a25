"""A PostgreSQL of the tests' own, on a socket in a temporary folder, and databases in it."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import psycopg
import pytest
from psycopg import sql

from harness.provision.cli import main
from tests.harness.provision.schemas import SCHEMAS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PASSWORD = "s3cret/of the tests"
ENCRYPTION_KEY = "0123456789abcdef" * 4
ROOT_OF_POSTGRES = Path("/usr/lib/postgresql")


def one_line(text: str) -> str:
    """What was printed, however it was wrapped."""
    return " ".join(text.split())


@dataclass(frozen=True)
class Server:
    binaries: Path
    directory: Path

    def url(self, database: str, role: str = "tester", password: str = PASSWORD) -> str:
        return f"postgresql://{role}:{quote(password, safe='')}@/{database}?host={self.directory}"

    def run(self, program: str, *arguments: str) -> None:
        """One of PostgreSQL's programs; they refuse to be run by root."""
        user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        command = [*user, str(self.binaries / program), *arguments]
        subprocess.run(command, check=True, timeout=120, cwd=self.directory, stdout=subprocess.DEVNULL)

    def execute(self, statement: str, database: str = "postgres") -> None:
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            connection.execute(sql.SQL(statement))


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A fresh cluster that listens on a socket only, with the schemas as template databases."""
    found = sorted(ROOT_OF_POSTGRES.glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    if not found:
        pytest.skip("PostgreSQL's server is not installed (Debian: apt-get install postgresql)")
    if os.geteuid() == 0 and not shutil.which("runuser"):
        pytest.skip("initdb refuses root, and there is no runuser to become postgres")
    directory = Path(tempfile.mkdtemp(prefix="harness-pg-"))
    server = Server(found[-1].parent, directory)
    try:
        _start(server)
        for name, schema in SCHEMAS.items():
            server.execute(f"CREATE DATABASE {name}")
            server.execute(schema, name)
        yield server
    finally:
        if (directory / "data" / "postmaster.pid").exists():
            server.run("pg_ctl", "stop", "-D", str(directory / "data"), "-m", "immediate", "-w", "-t", "60")
        shutil.rmtree(directory, ignore_errors=True)


def _start(server: Server) -> None:
    data, password = server.directory / "data", server.directory / "password"
    password.write_text(PASSWORD)
    if os.geteuid() == 0:
        for path in (server.directory, password):
            shutil.chown(path, "postgres")
    server.run(
        "initdb", "-D", str(data), "-U", "tester", f"--pwfile={password}", "--auth=scram-sha-256", "--no-sync",
        "-E", "UTF8", "--locale=C.UTF-8",
    )  # fmt: skip
    options = f"-k {server.directory} -c listen_addresses='' -c fsync=off -c full_page_writes=off"
    log = str(server.directory / "log")
    server.run("pg_ctl", "start", "-D", str(data), "-l", log, "-o", options, "-w", "-t", "60")


@dataclass(frozen=True)
class Deployment:
    """One database, and where its harness.toml goes."""

    server: Server
    name: str
    file: Path

    @property
    def url(self) -> str:
        return self.server.url(self.name)

    def provision(self, *arguments: str) -> int:
        where = ["--database-url", self.url, "--base-url", "http://127.0.0.1:3000", "--out", str(self.file)]
        return main([*where, "--keys", "5", *arguments])

    def remove(self, *arguments: str) -> int:
        return main(["--remove", "--database-url", self.url, *arguments])

    def execute(self, statement: str) -> None:
        self.server.execute(statement, self.name)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url) as connection:
            found: list[tuple[Any, ...]] = connection.execute(sql.SQL(query)).fetchall()
        return found

    def dump(self) -> list[str]:
        """Every row as an INSERT, sorted; pg_dump's own protection lines differ from call to call."""
        command = [str(self.server.binaries / "pg_dump"), "--data-only", "--inserts", self.url]
        text = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
        return sorted(line for line in text.splitlines() if not line.startswith("\\"))


@pytest.fixture(scope="session")
def numbers() -> Iterator[int]:
    return count()


@pytest.fixture
def deploy(
    server: Server, numbers: Iterator[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], Deployment]:
    """Makes a deployment of a schema, with other tenants' rows; the environment has its secrets."""
    monkeypatch.setenv("ENCRYPTION_KEY", ENCRYPTION_KEY)
    monkeypatch.setenv("META_APP_SECRET", "the-app-secret")
    monkeypatch.delenv("DATABASE_URL", raising=False)

    def make(schema: str) -> Deployment:
        name = f"test_{next(numbers)}"
        server.execute(f"CREATE DATABASE {name} TEMPLATE {schema}")
        return Deployment(server, name, tmp_path / f"{name}.toml")

    return make


@pytest.fixture(params=["supabase", "plain"])
def deployment(request: pytest.FixtureRequest, deploy: Callable[[str], Deployment]) -> Deployment:
    """One of each known schema."""
    return deploy(request.param)
