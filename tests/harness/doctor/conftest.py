"""The reference as a deployment that knows the receiver's origin before the receiver runs, described by a target file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import tomli_w

from conformance.runner.stack import Embedded, Stack
from conformance.wacrm.reference import start_reference
from conformance.webhooks.certificate import authority
from harness.doctor.command_line import main
from reports.results import ExitCode
from service.listening import listen
from tests.conftest import settings_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """Sections of the target file, of a deployment that delivers to a receiver which the examination starts itself."""
    ca = tmp_path_factory.mktemp("receiver") / "ca.pem"
    authority(ca)
    with listen("127.0.0.1", 0) as free:
        port = free.getsockname()[1]
    with Stack(seed=1) as stack:
        stack.receiver = {"origin": f"https://127.0.0.1:{port}", "ca": str(ca)}
        found = settings_of(start_reference(stack, Embedded(keys=6, limit=1000)))
        found["target"]["patience"] = 2.0
        yield {**found, "receiver": {"port": port, "ca": str(ca)}}


@pytest.fixture
def examine(settings: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """`examine({"meta.app_secret": "other"})`: what is printed, in one row, for the file with these changes."""

    def examined(changes: dict[str, Any] | None = None, *, code: int = ExitCode.SETUP) -> str:
        changed = {name: dict(section) for name, section in settings.items()}
        for name, value in (changes or {}).items():
            section, _, member = name.partition(".")
            changed.setdefault(section, {})[member] = value
        file = tmp_path / "harness.toml"
        file.write_text(tomli_w.dumps(changed))
        assert main(["--target", str(file)]) == code
        printed = capsys.readouterr().out
        assert not any(secret in printed for section in ("keys", "meta") for secret in _secrets(changed[section]))
        return " ".join(printed.split())

    return examined


def _secrets(section: dict[str, Any]) -> list[str]:
    """The keys and the app secret of a section."""
    lists = [value if isinstance(value, list) else [value] for value in section.values() if not isinstance(value, dict)]
    return [text for one in lists for text in one if str(text).startswith(("wacrm_live_", "EAA"))]
