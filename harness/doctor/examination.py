"""The wires in the order in which one leans on another; what leans on a broken one is not tried."""

from __future__ import annotations

from contextlib import closing
from statistics import median
from typing import TYPE_CHECKING

from conformance.meta.mock_client import MockMeta
from conformance.runner.stack import Stack
from conformance.target.api import Api
from conformance.target.keys import KeyPool
from conformance.target.probe import Probe
from conformance.target.verdicts import Lacking, NoAnswerError, Starved
from conformance.wacrm.system import SYSTEM
from harness.doctor import coverage, deployment, keys, mock, receiver, templates, webhook
from harness.doctor.line import Line, State, mend, note

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from conformance.target.target import Meta, Target

NEEDED_BY = {webhook.REACHED: "hears", webhook.SECRET: "hears", receiver.RECEIVER: "receiver"}
"""By wire, the fixture of the checks that need it."""

STOPPING = (mock.FROM_HERE, mock.FROM_DEPLOYMENT, "keys.")
"""What the wires begin with without which the gate refuses to start."""


class Examination:
    """One examination of a deployment; `broken` are the wires with something to mend so far."""

    def __init__(self, target: Target) -> None:
        self.target = target
        address = target.target
        self.pool = KeyPool(target.keys.flat(), address.limit, address.window)
        self.probe = Probe(address.api, address.timeout, address.verify, SYSTEM.sends)
        self.broken: set[str] = set()

    def lines(self) -> Iterator[Line]:
        """Every line as soon as it is known."""
        with closing(self.probe):
            for line in self._guarded(self._wires()):
                if line.state is State.MEND:
                    self.broken.add(line.wire)
                yield line
            if deployment.DEPLOYMENT not in self.broken:
                yield from self._planned()

    def _guarded(self, lines: Iterable[Line]) -> Iterator[Line]:
        """A deployment that stops answering ends the examination."""
        try:
            yield from lines
        except (NoAnswerError, Starved, Lacking) as error:
            yield mend(deployment.DEPLOYMENT, str(error), "It answered before: see its log, then call this again.")

    def _wires(self) -> Iterator[Line]:
        yield from deployment.answering(self.probe, self.pool)
        if deployment.DEPLOYMENT in self.broken:
            return
        yield from keys.examined(self.probe, self.pool, self.target.keys.flat())
        yield from self._meta()

    def _meta(self) -> Iterator[Line]:
        meta = self.target.meta
        if meta is None:
            yield note(mock.FROM_HERE, "no [meta] in the target file, so nothing is sent and nothing comes in")
            return
        with closing(MockMeta(meta.control)) as mock_meta:
            yield mock.from_here(mock_meta)
            if mock.FROM_HERE not in self.broken:
                yield from mock.from_deployment(self.probe, self.pool, self.target)
            if self.target.capabilities.inbound:
                yield from self._webhook(meta, mock_meta)
            if self.probe.armed:
                yield from self._beyond_the_interlock(mock_meta)

    def _webhook(self, meta: Meta, mock_meta: MockMeta) -> Iterator[Line]:
        if mock.FROM_HERE not in self.broken:
            yield webhook.from_mock(mock_meta, meta.waba_id, self.target.target.meta_webhook)
        yield from webhook.accepted(self.target, meta)

    def _beyond_the_interlock(self, mock_meta: MockMeta) -> Iterator[Line]:
        api, can = Api(self.probe, self.pool), self.target.capabilities
        if can.messages:
            yield from templates.known(api, mock_meta)
        if self.target.receiver is None:
            yield note(receiver.RECEIVER, "no [receiver] in the target file")
        elif can.webhooks and can.inbound:
            with Stack(seed=0) as stack:
                yield from receiver.reached(stack, self.target, api, mock_meta)

    def _planned(self) -> Iterator[Line]:
        if stopping := [wire for wire in sorted(self.broken) if wire.startswith(STOPPING)]:
            yield note(coverage.CLAUSES, f"the gate does not start before this is mended: {', '.join(stopping)}; then:")
        unreached = {fixture: wire for wire, fixture in NEEDED_BY.items() if wire in self.broken}
        yield from coverage.planned(self.target, unreached, median(one.seconds for one in self.probe.trail))
