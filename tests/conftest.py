"""A deployment that someone else runs, as far as the gate can tell: the embedded stack, described by a target file."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Any

import pytest
import tomli_w

from conformance.runner.run_state import reveal
from conformance.runner.stack import Stack
from conformance.wacrm.reference import start_reference

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conformance.target.target import Target


def pytest_configure() -> None:
    """Who starts the tests in the background of a shell has them ignore SIGINT, or SIGHUP under nohup, and so the programs
    that they start.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def settings_of(target: Target) -> dict[str, Any]:
    """A target as the sections of a target file."""
    plain: dict[str, Any] = reveal(target.model_dump(exclude_none=True, exclude={"allow_hosts", "capabilities"}))
    plain["target"]["embedded"] = False
    return plain


@pytest.fixture(scope="session")
def deployment() -> Iterator[Target]:
    """Mock Meta and the reference, running for the whole session."""
    with Stack(seed=1) as stack:
        stack.start_receiver()
        yield start_reference(stack)


@pytest.fixture
def target_file(deployment: Target, tmp_path: Path) -> Path:
    """A valid harness.toml for `deployment`."""
    path = tmp_path / "harness.toml"
    path.write_text(tomli_w.dumps(settings_of(deployment)))
    return path
