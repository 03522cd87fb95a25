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
    """`encryption_key` as the variable `encryption_variable` has it; `app_secret` as harness.toml takes it."""

    encryption_key: str | None = field(repr=False)
    encryption_variable: str
    base_url: str
    meta_control: str
    app_secret: str = field(repr=False)
    keys: int
    out: Path
    columns: Given
    dry_run: bool
