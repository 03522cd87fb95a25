"""The deployment itself: it answers, it is a Wacrm, its clock is right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.runner.preflight import SetupError, reachable
from conformance.target.keys import Role
from conformance.wacrm.key_roles import ME
from conformance.wacrm.steps.endpoints import clock_skew
from harness.doctor.line import from_error, note, ok

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.target.exchange import Exchange
    from conformance.target.keys import KeyPool
    from conformance.target.probe import Probe
    from harness.doctor.line import Line

DEPLOYMENT, CLOCK = "deployment", "clock"


def answering(probe: Probe, pool: KeyPool) -> Iterator[Line]:
    """`GET /me` is answered as the contract says, by a clock that agrees with this machine's."""
    try:
        reachable(probe, pool, Role.FULL, ME)
    except SetupError as error:
        yield from_error(DEPLOYMENT, error)
        return
    answer = probe.trail[-1]
    yield ok(DEPLOYMENT, f"{probe.base_url} answered in {answer.seconds * 1000:.0f} ms")
    yield _clock(answer)


def _clock(answer: Exchange) -> Line:
    if "date" not in answer.answer_headers:
        return note(CLOCK, "the deployment sends no Date header, so its clock is not known")
    skew = clock_skew(answer)
    if not skew:
        return ok(CLOCK, "within 2 s of this machine's")
    direction = "ahead of" if skew > 0 else "behind"
    return note(
        CLOCK, f"the deployment's is {abs(skew):.0f} s {direction} this machine's",
        "The checks allow for it, keys.expiring does not. Let both machines set their clocks by NTP.",
    )  # fmt: skip
