"""The numbered clauses of the contract, read from `requirements.yaml`."""

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import yaml

_ID = re.compile(r"([A-Z]+-)+\d{2}")
_MEMBERS = ("id", "level", "sentence", "source")


class Level(StrEnum):
    """What a violation of a clause means."""

    M = "M"  # documented: fails the gate
    S = "S"  # what a documented promise needs in production: fails the gate unless a baseline accepts it
    I = "I"  # noqa: E741 - the contract's own letter; measured and reported, never fails


class RequirementsError(ValueError):
    """The clauses cannot be read; the message names the file, the entry and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Requirement:
    id: str
    level: Level
    sentence: str
    source: str

    @property
    def group(self) -> str:
        """The word before the number: `RATE` for `RATE-05` and for `GW-RATE-05`."""
        return self.id.split("-")[-2]


def load(path: Path) -> dict[str, Requirement]:
    """Every clause by its id, in the contract's order. Raises RequirementsError for a malformed or repeated entry."""
    requirements: dict[str, Requirement] = {}
    for position, entry in enumerate(_entries(path), start=1):
        requirement = _requirement(entry, where=f"{path.name}: entry {position}")
        if requirement.id in requirements:
            raise RequirementsError(f"{path.name}: entry {position}: id {requirement.id} is already taken")
        requirements[requirement.id] = requirement
    return requirements


def _entries(path: Path) -> list[Any]:
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as cause:
        raise RequirementsError(f"{path}: cannot be read: {cause}") from cause
    if not isinstance(document, list) or not document:
        raise RequirementsError(f"{path.name}: expected a non-empty list of clauses, got {type(document).__name__}")
    return document


def _requirement(entry: object, *, where: str) -> Requirement:
    if not isinstance(entry, dict):
        raise RequirementsError(f"{where}: expected a mapping, got {type(entry).__name__}: {entry!r}")
    where = f"{where} ({entry['id']})" if "id" in entry else where
    _same_members(entry, where)
    for member in _MEMBERS:
        if not isinstance(entry[member], str) or not entry[member].strip():
            raise RequirementsError(f"{where}: {member} must be a non-empty string, got {entry[member]!r}")
    if not _ID.fullmatch(entry["id"]):
        raise RequirementsError(f"{where}: id must look like RATE-05, got {entry['id']!r}")
    return Requirement(entry["id"], _level(entry["level"], where), entry["sentence"], entry["source"])


def _same_members(entry: dict[str, Any], where: str) -> None:
    missing = [member for member in _MEMBERS if member not in entry]
    unknown = sorted(str(member) for member in entry if member not in _MEMBERS)
    if missing:
        raise RequirementsError(f"{where}: lacks {', '.join(missing)}")
    if unknown:
        raise RequirementsError(f"{where}: has unknown members {', '.join(unknown)}")


def _level(value: str, where: str) -> Level:
    try:
        return Level(value)
    except ValueError:
        known = ", ".join(Level)
        raise RequirementsError(f"{where}: level must be one of {known}, got {value!r}") from None
