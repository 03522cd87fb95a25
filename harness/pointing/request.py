"""What the command line asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@dataclass(frozen=True)
class Request:
    """`gate`: options of the gate as one text, None for no gate; `patience`: seconds that it waits for the deployment."""

    command: Sequence[str]
    target: Path | None = None
    print_env: bool = False
    netns: bool = False
    forwards: Sequence[str] = ()
    gate: str | None = None
    patience: float = 120.0
