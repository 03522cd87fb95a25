"""What provisioning is asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

Given = dict[str, dict[str, str]]
"""Table to column to value: what the operator supplies for columns that only a fork has."""


@dataclass(frozen=True)
class Order:
    """The two secrets are as their variables have them, None where a variable is not set."""

    encryption_key: str | None = field(repr=False)
    encryption_variable: str
    base_url: str
    meta_control: str
    app_secret: str | None = field(repr=False)
    app_secret_variable: str
    keys: int
    out: Path
    columns: Given
    dry_run: bool
