"""Wacrm as the runner sees it."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.meta.accounts import register
from conformance.meta.mock_client import MockMetaError
from conformance.runner.preflight import SetupError, reachable
from conformance.runner.system import System
from conformance.target.keys import Role
from conformance.wacrm.interlock import interlock
from conformance.wacrm.key_roles import ME, roles
from conformance.wacrm.reference import start_reference
from conformance.wacrm.specification import OPENAPI

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.target.keys import KeyPool
    from conformance.target.probe import Probe
    from conformance.target.target import Target

SENDS = frozenset({"messages", "broadcasts"})


@contextmanager
def _setting_up() -> Iterator[None]:
    """What mock Meta refuses before the first check is a matter of set-up."""
    try:
        yield
    except MockMetaError as error:
        raise SetupError(str(error)) from None


@_setting_up()
def connect(target: Target) -> None:
    """Tell mock Meta of a deployment's accounts; the reference's are known to it."""
    if target.meta is not None and not target.target.embedded:
        register(target.meta, target.target.meta_webhook)


@_setting_up()
def preflight(probe: Probe, pool: KeyPool, target: Target) -> None:
    """The target answers, its wire leads to mock Meta, its keys are what the file says."""
    reachable(probe, pool, Role.FULL, ME)
    interlock(probe, pool, target)
    if not target.target.embedded:
        roles(probe, pool, target)


SYSTEM = System(
    "wacrm", Path(__file__).parent, OPENAPI, "conformance.wacrm.fixtures", SENDS, _setting_up()(start_reference), connect,
    preflight,
)  # fmt: skip
