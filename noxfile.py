"""The harness's commands: for users gate to mock_meta, for developers of the harness tests to bench_mock.

`nox -s NAME -- ARGUMENTS` runs one; `nox -s NAME -- --help` tells its arguments. Each installs only what it needs, once.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import nox

nox.needs_version = ">=2024.4.15"
nox.options.sessions = ["lint", "types", "tests"]
nox.options.reuse_venv = "yes"
nox.options.default_venv_backend = "uv|virtualenv"

PROJECT = Path("pyproject.toml")


def _install(session: nox.Session, *packages: str) -> None:
    """Install unless the session's environment has these packages, as pyproject.toml stands now.

    nox itself either runs the installer every time or, with --no-install, also leaves out what has changed.
    """
    wanted = sha256(PROJECT.read_bytes() + "\n".join(packages).encode()).hexdigest()
    stamp = session.env_dir / "installed"
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted:
        session.install("--quiet", *packages)
        stamp.write_text(wanted, encoding="utf-8")


def _harness(session: nox.Session, verb: str, extras: str) -> None:
    _install(session, "--editable", f".{extras}")
    session.run("wacrm-harness", verb, *session.posargs)


@nox.session
def gate(session: nox.Session) -> None:
    """Check a deployment against the contract: the embedded reference, or `-- --target harness.toml`."""
    _harness(session, "gate", "[gate]")


@nox.session
def loadtest(session: nox.Session) -> None:
    """Load a deployment and reconcile every message: the embedded reference, or `-- --target harness.toml`."""
    _harness(session, "loadtest", "[load]")


@nox.session
def reference(session: nox.Session) -> None:
    """Run the reference deployment with mock Meta, to try things by hand."""
    _harness(session, "reference", "[gate]")


@nox.session
def mock_meta(session: nox.Session) -> None:
    """Run mock Meta alone, for people who build on the WhatsApp Cloud API."""
    _harness(session, "mock", "")


@nox.session
def tests(session: nox.Session) -> None:
    """Run the project's own tests."""
    _install(session, "--editable", ".[dev]")
    session.run("pytest", *(session.posargs or ["-n", "auto", "--dist", "loadscope"]))


@nox.session
def lint(session: nox.Session) -> None:
    """Check the code with ruff: most of its rules, and its formatter."""
    extras = nox.project.load_toml(PROJECT)["project"]["optional-dependencies"]
    _install(session, *(package for package in extras["dev"] if package.startswith("ruff")))
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Check the types with mypy, strict."""
    _install(session, "--editable", ".[dev]")
    session.run("mypy", *session.posargs)


@nox.session
def kills(session: nox.Session) -> None:
    """Prove the gate: every fault of the reference must turn its own clause red. `-- --variants`: correct ones none."""
    _harness(session, "kills", "[gate]")


@nox.session
def worn(session: nox.Session) -> None:
    """Prove the gate on worn references, which have what real deployments have: only what is broken must be red."""
    _harness(session, "worn", "[gate]")


@nox.session
def kills_load(session: nox.Session) -> None:
    """Prove the load test: every fault that shows only under load must be named, the clean reference never."""
    _harness(session, "kills-load", "[load]")


@nox.session
def incumbent(session: nox.Session) -> None:
    """Run stock Schemathesis on the same faults, for the comparison in docs/kills.md."""
    _harness(session, "incumbent", "[gate]")


@nox.session
def bench_load(session: nox.Session) -> None:
    """Measure the load generator beside Locust's own users, its schedule's lag, and a million messages."""
    _install(session, "--editable", ".[load]")
    session.run("python", "-m", "loadtests.bench", *session.posargs)


@nox.session
def bench_mock(session: nox.Session) -> None:
    """Measure mock Meta's speed and memory, beside its README's figures. About ten minutes; `-- sends` is one."""
    _install(session, "--editable", ".")
    session.run("python", "-m", "mock_meta.bench", *session.posargs)
