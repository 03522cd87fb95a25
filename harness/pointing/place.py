"""Where deployment, mock, receiver and gate meet: this machine's own network, or a namespace."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from conformance.target.target import Receiver
from harness.pointing import mock_process
from harness.pointing.forwarding import forward
from harness.pointing.namespace import Namespace, receiver_address
from harness.pointing.receiver import with_authority

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import ExitStack

    from harness.pointing.request import Request
    from harness.pointing.settings import Settings


@dataclass(frozen=True)
class Place:
    """`enter`: the command that runs another one there, empty for here. `is_mock_ours`: whether it ends with the run."""

    mock: str
    receiver: Receiver | None
    enter: Sequence[str] = ()
    is_mock_ours: bool = False

    @property
    def ca(self) -> Path | None:
        """The receiver's private CA."""
        return None if self.receiver is None else Path(self.receiver.ca)


def here(settings: Settings) -> Place:
    """The network that this process is in. Raises `PointingError`."""
    return Place(settings.mock, settings.receiver and with_authority(settings.receiver))


def prepared(request: Request, settings: Settings, running: ExitStack) -> Place:
    """The place that is asked for, with a mock in it; what runs for it is left to `running`. Raises `PointingError`."""
    place = _namespace(settings, request.forwards, running) if request.netns else here(settings)
    # A mock outside is of no use to a namespace.
    if not place.enter and mock_process.answers(place.mock):
        return place
    running.callback(mock_process.start(place.mock, place.enter).stop)
    return replace(place, is_mock_ours=True)


def _namespace(settings: Settings, forwards: Sequence[str], running: ExitStack) -> Place:
    given = settings.receiver or Receiver()
    namespace = running.enter_context(Namespace(receiver_address(given.host)))
    folder = Path(running.enter_context(TemporaryDirectory(prefix="wacrm-harness-")))
    for address in forwards:
        forward(address, folder, namespace.enter, running)
    direct = given.model_copy(update={"host": namespace.address, "origin": ""})
    return Place(settings.mock, with_authority(direct), namespace.enter)
