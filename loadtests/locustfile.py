"""`locust -f loadtests/locustfile.py`: Locust's command line and web page, with this project's users behind them.

`python -m loadtests` is the same without the page.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from locust import events

from loadtests.cluster import options
from loadtests.cluster.locust_session import attach, is_attached, session_of
from loadtests.scenarios import SCENARIOS

if TYPE_CHECKING:
    from locust.argument_parser import LocustArgumentParser
    from locust.env import Environment

globals().update({user.__name__: user for user in SCENARIOS.values()})
"""Locust looks for user classes among this module's names; `--scenario` chooses one."""


@events.init_command_line_parser.add_listener
def _arguments(parser: LocustArgumentParser, **_: object) -> None:
    options.add(parser, [user.scenario for user in SCENARIOS.values()])


@events.init.add_listener
def _init(environment: Environment, **_: object) -> None:
    attach(environment).prepare()


@events.test_start.add_listener
def _start(environment: Environment, **_: object) -> None:
    if is_attached(environment):  # else `prepare` makes up for it
        session_of(environment).begin()


@events.test_stopping.add_listener
def _stopping(environment: Environment, **_: object) -> None:
    session_of(environment).worker.stopping()


@events.test_stop.add_listener
def _stop(environment: Environment, **_: object) -> None:
    session_of(environment).end()


@events.quitting.add_listener
def _quitting(environment: Environment, **_: object) -> None:
    """Also after Ctrl-C: users end first, then comes the verdict, then the target is stopped."""
    if environment.runner is not None:
        environment.runner.stop()
    if is_attached(environment):
        session_of(environment).close()
