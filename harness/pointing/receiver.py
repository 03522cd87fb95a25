"""The receiver as the deployment must trust it before it starts, and as the gate is told of it afterwards."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from conformance.target.target import Receiver
from conformance.webhooks.certificate import authority
from harness.pointing.errors import PointingError
from harness.pointing.variables import state_folder

if TYPE_CHECKING:
    from collections.abc import Mapping


def with_authority(receiver: Receiver) -> Receiver:
    """The receiver with its private CA, which is made when it is not there: its own, or one of the state folder.

    Raises `PointingError`.
    """
    try:
        ca = receiver.ca or str(state_folder() / "receiver-ca.pem")
        authority(Path(ca))
    except (OSError, ValueError) as error:
        raise PointingError(
            f"the receiver's CA cannot be made or read: {error}\nCorrect receiver.ca in the target file."
        ) from None
    return receiver.model_copy(update={"ca": ca})


def for_gate(used: Receiver | None, given: Receiver | None) -> Mapping[str, str]:
    """Environment variables that tell the gate in what the receiver differs from the target file's."""
    if used is None:
        return {}
    before = dict(given or Receiver())
    return {f"WACRM_RECEIVER_{name.upper()}": str(value) for name, value in used if value != before[name]}
