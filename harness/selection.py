"""Which faults a command runs over: `--group` and `--fault`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reference.wacrm.faults import FAULTS, Fault

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace


def add_options(parser: ArgumentParser) -> None:
    parser.add_argument("--group", default="", metavar="GROUP", help="only faults of these groups, as PAGE,CONT")
    parser.add_argument("--fault", action="append", default=[], metavar="NAME", help="only this fault (repeat)")


def selected(given: Namespace) -> list[Fault]:
    """All faults when nothing narrows them; none when nothing matches."""
    groups = [group for group in given.group.upper().split(",") if group]
    return [
        fault
        for fault in FAULTS.values()
        if (not groups or fault.group in groups) and (not given.fault or fault.name in given.fault)
    ]
