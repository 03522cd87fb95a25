"""The load test's own arguments, beside Locust's. Their values travel to workers, so they are texts and numbers only."""

from __future__ import annotations

import functools
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from conformance.target import sources
from conformance.target import target as settings
from loadtests.schedule.arrivals import Arrivals
from loadtests.schedule.shapes import SHAPES
from reports.results import ExitCode

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

    from locust.argument_parser import LocustArgumentParser

    from conformance.target.target import Target
    from loadtests.users.scenario import Scenario

PACKAGE = Path(__file__).parents[1]
DEFAULT_SLOS = PACKAGE / "slo.toml"


def add(parser: LocustArgumentParser, scenarios: Sequence[Scenario]) -> None:
    """Declare the arguments to Locust's parser. The first of the scenarios is the default."""

    def refuse(message: str) -> NoReturn:
        parser.print_usage(sys.stderr)
        sys.stderr.write(f"{parser.prog}: error: {message}\n")
        raise SystemExit(ExitCode.SETUP)

    parser.error = refuse  # type: ignore[method-assign]  # argparse's own exit code means `interrupted` here
    option = functools.partial(parser.add_argument, include_in_web_ui=False)
    _target(option)
    _load(option, scenarios)
    _end(option)


def _target(option: Callable[..., Any]) -> None:
    repeated: dict[str, Any] = {"action": "append", "default": []}
    option(
        "--target", default="", metavar="FILE", help="the deployment's harness.toml (default: the embedded reference)"
    )
    option("--base-url", default="", metavar="URL", help="the deployment's address; as --set target.base_url=URL")
    option("--set", **repeated, metavar="KEY=VALUE", help="override a setting, as target.limit=60")
    option("--allow-host", **repeated, metavar="HOST", help="load a deployment on this other machine")
    option("--fault", **repeated, metavar="NAME", help="switch on a fault of the embedded reference")
    option("--variant", **repeated, metavar="NAME", help="let the embedded reference be correct otherwise")


def _load(option: Callable[..., Any], scenarios: Sequence[Scenario]) -> None:
    names = [one.name for one in scenarios]
    tasks = "; ".join(f"{one.name}: {one.summary}" for one in scenarios)
    option("--scenario", default=names[0], choices=names, help=f"what users do ({names[0]}). {tasks}")
    option("--shape", default="constant", choices=("constant", *SHAPES), help="how the rate goes over time")
    option("--arrivals", default="poisson", choices=[str(a) for a in Arrivals], help="at random, or evenly spaced")
    option("--pace", type=float, default=1.0, metavar="N", help="tasks a second of one Locust user (1)")
    option("--recipients", type=int, default=200, metavar="N", help="of the largest broadcast, up to 1000 (200)")
    option("--seed", type=int, default=0, metavar="N", help="of all drawn data (default: random; the report prints it)")
    option("--max-requests", type=int, default=5_000_000, metavar="N", help="no run makes more requests than this")
    option("--max-seconds", type=float, default=86_400.0, metavar="S", help="no run takes longer than this")


def _end(option: Callable[..., Any]) -> None:
    option("--quiet", type=float, default=30.0, metavar="S", help="seconds to wait for the deployment to be quiet (30)")
    option("--audit", type=int, default=100, metavar="N", help="conversations whose messages are read back (100)")
    option("--slo", default="", metavar="FILE", help="the SLOs (default: loadtests/slo.toml, and the scenarios' own)")
    option("--baseline", default="", metavar="FILE", help="results.json of an earlier run, to compare with")
    option("--out", default="reports/out", metavar="DIR", help="where the run's folder is made (reports/out)")
    option("--verdict-only", action="store_true", help="leave Locust's closing tables out")


def external(given: argparse.Namespace) -> Target | None:
    """The deployment that arguments, environment or a file name; None for the embedded reference. Raises SettingsError."""
    overrides = list(given.set)
    if given.base_url:
        overrides.append(f"target.base_url={given.base_url}")
    target = sources.find(Path(given.target) if given.target else None, os.environ, overrides)
    if target is not None:
        settings.refuse_strangers(target, given.allow_host)
        if given.fault or given.variant:
            raise settings.SettingsError(
                "--fault and --variant are for the embedded reference, which --target replaces"
            )
    return target


def embedded_limits(given: argparse.Namespace) -> tuple[int, float]:
    """Limit and window of the embedded reference. Raises SettingsError."""
    values = {"target.limit": "120", "target.window": "60"}
    for override in given.set:
        name, _, value = override.partition("=")
        if name not in values:
            raise settings.SettingsError(
                f"--set {name}: the embedded reference has only target.limit and target.window"
            )
        values[name] = value
    try:
        return int(values["target.limit"]), float(values["target.window"])
    except ValueError as error:
        raise settings.SettingsError(f"--set: {error}") from None
