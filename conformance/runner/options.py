"""The gate's options, as pytest options, and what they select."""

from __future__ import annotations

import difflib
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from conformance.runner.stack import Embedded
from conformance.runner.system import DEFAULT
from conformance.target import sources
from conformance.target import target as settings
from reports.previous import PreviousError, read

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.contract.requirements import Requirement
    from conformance.target.target import Target
    from reports.previous import Previous


OPTIONS: tuple[tuple[str, dict[str, Any]], ...] = (
    (
        "--system",
        {"metavar": "NAME", "help": f"what the target is (default: the target file's `system`, else {DEFAULT})"},
    ),
    (
        "--target",
        {
            "type": Path,
            "metavar": "FILE",
            "help": "harness.toml of the deployment to check (default: the embedded reference)",
        },
    ),
    ("--base-url", {"metavar": "URL", "help": "the deployment's address; as --set target.base_url=URL"}),
    (
        "--set",
        {"action": "append", "default": [], "metavar": "KEY=VALUE", "help": "override a setting, as target.limit=60"},
    ),
    (
        "--allow-host",
        {"action": "append", "default": [], "metavar": "HOST", "help": "check a deployment on this other machine"},
    ),
    (
        "--clause",
        {"action": "append", "default": [], "metavar": "ID", "help": "check only these clauses, as PAGE-05,CONT-01"},
    ),
    (
        "--group",
        {"action": "append", "default": [], "metavar": "GROUP", "help": "check only these groups, as PAGE,CONT"},
    ),
    (
        "--level",
        {"action": "append", "default": [], "metavar": "LEVEL", "help": "check only clauses of these levels: M, S, I"},
    ),
    ("--seed", {"type": int, "metavar": "N", "help": "seed of all drawn data (default: random; the report prints it)"}),
    (
        "--out",
        {
            "type": Path,
            "default": Path("reports/out"),
            "metavar": "DIR",
            "help": "where the run's folder is made (reports/out)",
        },
    ),
    (
        "--baseline",
        {"type": Path, "metavar": "FILE", "help": "accepted findings, each with a reason and an expiry (TOML)"},
    ),
    (
        "--write-baseline",
        {"type": Path, "metavar": "FILE", "help": "write a baseline that accepts what this run finds, for a month"},
    ),
    (
        "--changed-since",
        {"type": Path, "metavar": "FILE", "help": "green when nothing is red that was not in this results.json"},
    ),
    (
        "--failed",
        {"type": Path, "metavar": "FILE", "help": "only the checks that were red in this results.json, with its seed"},
    ),
    (
        "--resume",
        {
            "type": Path,
            "metavar": "FILE",
            "help": "only the checks without verdict in this results.json or checks.jsonl",
        },
    ),
    (
        "--variant",
        {
            "action": "append",
            "default": [],
            "metavar": "NAME",
            "help": "let the embedded reference be correct otherwise",
        },
    ),
    (
        "--wear",
        {
            "action": "append",
            "default": [],
            "metavar": "NAME",
            "help": "let the embedded reference be worn as real deployments are",
        },
    ),
    (
        "--fault",
        {"action": "append", "default": [], "metavar": "NAME", "help": "switch on a fault of the embedded reference"},
    ),
)
"""Flag and its argparse keywords; pytest and the command line's `--help` both read them."""


def add(parser: pytest.Parser) -> None:
    """Declare the options to pytest."""
    group = parser.getgroup("wacrm-harness")
    for flag, keywords in OPTIONS:
        group.addoption(flag, **keywords)


@dataclass(frozen=True)
class Selection:
    """Which clauses are checked; empty sets mean all."""

    clauses: frozenset[str]
    groups: frozenset[str]
    levels: frozenset[str]
    red_in: Previous | None = None
    open_in: Previous | None = None

    def takes_check(self, check: str) -> bool:
        """Whether `--failed` and `--resume` leave the check, by name, in."""
        was_red = self.red_in is None or check in self.red_in.red
        return was_red and (self.open_in is None or self.open_in.is_open(check))

    def takes(self, requirement: Requirement) -> bool:
        return (
            (not self.clauses or requirement.id in self.clauses)
            and (not self.groups or requirement.group in self.groups)
            and (not self.levels or requirement.level in self.levels)
        )


def selection(config: pytest.Config, requirements: Mapping[str, Requirement]) -> Selection:
    """What `--clause`, `--group` and `--level` select. Raises `pytest.UsageError` for a name that does not exist."""
    groups = {requirement.group for requirement in requirements.values()}
    return Selection(
        _names(config, "clause", set(requirements)),
        _names(config, "group", groups),
        _names(config, "level", {"M", "S", "I"}),
        previous(config, "failed"),
        previous(config, "resume"),
    )


def previous(config: pytest.Config, option: str) -> Previous | None:
    """The earlier run that the option names. Raises `pytest.UsageError`."""
    path = config.getoption(option)
    try:
        return None if path is None else read(path)
    except PreviousError as error:
        raise pytest.UsageError(f"--{option.replace('_', '-')} {error}") from None


def _names(config: pytest.Config, option: str, known: set[str]) -> frozenset[str]:
    given = [name.strip().upper() for value in config.getoption(option) for name in value.split(",") if name.strip()]
    for name in given:
        if name not in known:
            close = ", ".join(difflib.get_close_matches(name, sorted(known), 3)) or ", ".join(sorted(known)[:12])
            raise pytest.UsageError(f"--{option} {name}: there is no such {option}; near: {close}")
    return frozenset(given)


def seed(config: pytest.Config, selected: Selection) -> int:
    """`--seed`, or that of the run whose checks are repeated, or a random one."""
    earlier = [one.seed for one in (selected.red_in, selected.open_in) if one is not None]
    given = [n for n in (config.getoption("seed"), *earlier) if n is not None]
    return int(given[0]) if given else secrets.randbelow(10**9)


def external_target(config: pytest.Config) -> Target | None:
    """The deployment that flags, environment or a file name; None for the embedded reference. Raises UsageError."""
    overrides = list(config.getoption("set"))
    if config.getoption("base_url"):
        overrides.append(f"target.base_url={config.getoption('base_url')}")
    try:
        target = sources.find(config.getoption("target"), os.environ, overrides)
        if target is not None:
            settings.refuse_strangers(target, config.getoption("allow_host"))
    except settings.SettingsError as error:
        raise pytest.UsageError(str(error)) from None
    if target is not None and any(config.getoption(option) for option in ("fault", "variant", "wear")):
        raise pytest.UsageError(
            "--fault, --variant and --wear are for the embedded reference, which --target and --base-url replace"
        )
    return target


def embedded(config: pytest.Config) -> Embedded:
    """The embedded reference: 120 requests in 60 s unless `--set target.limit=… --set target.window=…`."""
    values = {"target.limit": "120", "target.window": "60"}
    for override in config.getoption("set"):
        name, _, value = override.partition("=")
        if name not in values:
            raise pytest.UsageError(
                f"--set {name}: for the embedded reference only target.limit and target.window can be set"
            )
        values[name] = value
    try:
        limit, window = int(values["target.limit"]), float(values["target.window"])
    except ValueError as error:
        raise pytest.UsageError(f"--set: {error}") from None
    return Embedded(
        config.getoption("fault"), config.getoption("variant"), limit, window, wear=config.getoption("wear")
    )


def placed(config: pytest.Config, error: Exception) -> str:
    """What is wrong, after the file and line, variable or flag of the setting when the error is about one."""
    setting = getattr(error, "setting", "")
    where = sources.place(config.getoption("target"), os.environ, config.getoption("set"), setting) if setting else ""
    return f"{where}{error}"
