from pathlib import Path

from conformance.contract.openapi import Specification
from conformance.runner.preflight import reachable
from conformance.runner.stack import Embedded, Stack
from conformance.runner.system import System
from conformance.target.keys import KeyPool
from conformance.target.probe import Probe
from conformance.target.target import Target


def start_reference(stack: Stack, how: Embedded) -> Target:
    address = stack.start("tests.conformance.runner.other_system.server")
    given = {"base_url": address["url"], "limit": how.limit, "window": how.window, "embedded": True}
    return Target.model_validate({"target": given, "keys": {"full": ["token"]}})


def preflight(probe: Probe, pool: KeyPool, _target: Target) -> None:
    reachable(probe, pool, "full", "/ping")


SYSTEM = System(
    "ping", Path(__file__).parent, Specification("nowhere.yaml", "x-ping"), "conformance.ping.fixtures", frozenset(),
    start_reference, lambda _target: None, preflight,
)  # fmt: skip
