"""Mock Meta: reached from here, and by the deployment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.meta.mock_client import MockMetaError
from conformance.runner.preflight import SetupError
from conformance.wacrm.interlock import interlock
from conformance.wacrm.system import connect
from harness.doctor.line import from_error, mend, ok

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.meta.mock_client import MockMeta
    from conformance.target.keys import KeyPool
    from conformance.target.probe import Probe
    from conformance.target.target import Target
    from harness.doctor.line import Line

FROM_HERE, FROM_DEPLOYMENT = "mock from here", "mock from deployment"


def from_here(mock_meta: MockMeta) -> Line:
    """Its control interface answers."""
    try:
        mock_meta.request("GET", "/health")
    except MockMetaError as error:
        return mend(FROM_HERE, str(error), "Start it (wacrm-harness mock), or set meta.control to its address.")
    return ok(FROM_HERE, f"{mock_meta.control} answers")


def from_deployment(probe: Probe, pool: KeyPool, target: Target) -> Iterator[Line]:
    """The mock learns of the accounts, then the interlock closes: what the deployment sends arrives at the mock."""
    try:
        connect(target)
        interlock(probe, pool, target)
    except SetupError as error:
        yield from_error(FROM_DEPLOYMENT, error)
        return
    yield ok(FROM_DEPLOYMENT, "a send of the deployment arrived in the mock's ledger")
