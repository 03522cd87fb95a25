"""Every command there is. `nox -l` lists them; arguments after `--` are passed on."""

from __future__ import annotations

import nox

nox.needs_version = ">=2024.4.15"
nox.options.sessions = ["lint", "types", "tests"]
nox.options.reuse_existing_virtualenvs = True
nox.options.default_venv_backend = "uv|virtualenv"


def _install(session: nox.Session) -> None:
    session.install("--quiet", "--editable", ".[dev]")


@nox.session
def lint(session: nox.Session) -> None:
    """Ruff, with most of its rules on, and its formatter."""
    _install(session)
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Mypy, strict."""
    _install(session)
    session.run("mypy", *session.posargs)


@nox.session
def tests(session: nox.Session) -> None:
    """The project's own tests."""
    _install(session)
    session.run("pytest", *(session.posargs or ["-n", "auto", "--dist", "loadscope"]))


@nox.session
def gate(session: nox.Session) -> None:
    """Judge a deployment: the embedded reference, or `-- --target harness.toml`."""
    _install(session)
    session.run("wacrm-harness", "gate", *session.posargs)


@nox.session
def kills(session: nox.Session) -> None:
    """Prove the gate: every fault of the reference must turn its own clause red."""
    _install(session)
    session.run("wacrm-harness", "kills", *session.posargs)


@nox.session
def worn(session: nox.Session) -> None:
    """Prove the gate on worn references: exactly what their wear breaks must be red."""
    _install(session)
    session.run("wacrm-harness", "worn", *session.posargs)


@nox.session
def loadtest(session: nox.Session) -> None:
    """Load a deployment and reconcile every message: the embedded reference for a minute, or `-- --target harness.toml`."""
    _install(session)
    session.run("wacrm-harness", "loadtest", *session.posargs)


@nox.session
def kills_load(session: nox.Session) -> None:
    """Prove the load test: every fault that only load shows must be named, and the clean reference be silent five times."""
    _install(session)
    session.run("wacrm-harness", "kills-load", *session.posargs)


@nox.session
def bench_load(session: nox.Session) -> None:
    """The load generator beside Locust's own users, its schedule's lag, its figures against arithmetic, a million messages."""
    _install(session)
    session.run("python", "-m", "loadtests.bench", *session.posargs)


@nox.session
def incumbent(session: nox.Session) -> None:
    """Stock Schemathesis on the same faults, for the comparison in docs/kills.md."""
    _install(session)
    session.run("wacrm-harness", "incumbent", *session.posargs)


@nox.session
def mock_meta(session: nox.Session) -> None:
    """Mock Meta alone, for people who build on the WhatsApp Cloud API."""
    _install(session)
    session.run("wacrm-harness", "mock", *session.posargs)


@nox.session
def bench_mock(session: nox.Session) -> None:
    """Mock Meta's speed and memory, beside what its README promises. About ten minutes; `-- sends` is one."""
    _install(session)
    session.run("python", "-m", "mock_meta.bench", *session.posargs)


@nox.session
def reference(session: nox.Session) -> None:
    """The reference deployment with mock Meta, for trying things by hand."""
    _install(session)
    session.run("wacrm-harness", "reference", *session.posargs)
