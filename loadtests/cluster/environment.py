"""What is loaded: a deployment that was named, or the embedded reference; proved to be wired to mock Meta before any load."""

from __future__ import annotations

from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import httpx
import psutil

from conformance.meta.mock_client import MockMeta
from conformance.runner.preflight import SetupError, reachable
from conformance.runner.stack import Embedded, Stack
from conformance.target.keys import KeyPool, Role
from conformance.target.probe import Probe
from conformance.wacrm.interlock import interlock
from conformance.wacrm.key_roles import ME
from conformance.wacrm.reference import start_reference
from conformance.wacrm.system import SENDS, connect
from conformance.webhooks.receiver_client import Receiver
from loadtests.cluster import options
from loadtests.users.key_budget import keys_needed

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from conformance.target.target import Target
    from loadtests.cluster.key_allocation import Pair

SPARE = 12
"""Keys beyond what the rate needs: for the preflight, the audit at the end, and clients that run into the limiter."""
LEAST_EMBEDDED = 160


class TooFewKeysError(Exception):
    """The message says how many are needed."""


@dataclass
class TargetEnvironment:
    """The target and the two other sides. `directory` is a folder of this run's own that goes with it."""

    target: Target
    stack: Stack
    provider: MockMeta
    receiver: Receiver | None
    _exit: ExitStack = field(default_factory=ExitStack, repr=False)

    @property
    def keys(self) -> list[Pair]:
        """All but the first, which preflight and this environment itself ask with."""
        return [(key.label, key.secret) for key in self.target.keys.flat() if key.role == Role.FULL][1:]

    @property
    def directory(self) -> Path:
        return self.stack.directory

    def memory(self) -> int | None:
        """Bytes that the embedded reference holds; None for a deployment that is not ours to look into."""
        pid = self.stack.pid("reference.wacrm")
        try:
            return None if pid is None else int(psutil.Process(pid).memory_info().rss)
        except psutil.Error:
            return None

    def subscribe(self, path: str) -> str | None:
        """Register the receiver for customers' messages; the endpoint's id. None where the target has no receiver."""
        if self.receiver is None or not self.target.capabilities.webhooks:
            return None
        body = {"url": self.receiver.url(path), "events": ["message.received"]}
        with self._client() as client:
            answer = client.post("/webhooks", json=body)
        return str(answer.json()["data"]["id"]) if answer.is_success else None

    def unsubscribe(self, endpoint: str) -> None:
        """Leave nothing behind; a target that has gone away meanwhile keeps it."""
        with self._client() as client, suppress(httpx.HTTPError):
            client.delete(f"/webhooks/{endpoint}")

    def _client(self) -> httpx.Client:
        key = self.target.keys.flat()[0]
        address = self.target.target
        return httpx.Client(
            base_url=address.api, verify=address.verify, timeout=address.timeout, trust_env=False,
            headers={"Authorization": key.authorization},
        )  # fmt: skip

    def close(self) -> None:
        self._exit.close()


def set_up(given: argparse.Namespace, seed: int, requests_per_second: float) -> TargetEnvironment:
    """The environment for these arguments. Raises SettingsError, StackError, SetupError and TooFewKeysError."""
    leaving = ExitStack()
    try:
        return _set_up(given, seed, requests_per_second, leaving)
    except BaseException:
        leaving.close()
        raise


def _set_up(given: argparse.Namespace, seed: int, requests_per_second: float, leaving: ExitStack) -> TargetEnvironment:
    stack = leaving.enter_context(Stack(seed))
    target = options.external(given)
    if target is None:
        limit, window = options.embedded_limits(given)
        keys = max(LEAST_EMBEDDED, keys_needed(requests_per_second, limit, window) + SPARE)
        stack.start_receiver()
        target = start_reference(stack, Embedded(given.fault, given.variant, limit, window, keys=keys))
    elif target.receiver is not None:
        stack.start_receiver(target.receiver)
    refuse_too_few_keys(target, requests_per_second)
    provider = MockMeta(_proved(target), target.target.patience)
    return TargetEnvironment(target, stack, provider, _receiver(stack, target), leaving)


def refuse_too_few_keys(target: Target, requests_per_second: float) -> None:
    """Raises TooFewKeysError."""
    limit, window = target.target.limit, target.target.window
    needed, given = keys_needed(requests_per_second, limit, window) + SPARE, len(target.keys.full)
    if given < needed:
        carried = max(0, given - SPARE) * limit / (window * 1.17)
        raise TooFewKeysError(
            f"{requests_per_second:.0f} requests/s need {needed} keys of {limit} requests in {window:.0f} s; keys.full has {given},"
            f"\nwhich carry some {carried:.0f} requests/s. Issue more keys, or ask for a lower rate."
        )


def _proved(target: Target) -> str:
    """Mock Meta's control address, when the target answers and its wire leads there. Raises SetupError."""
    if target.meta is None:
        raise SetupError("a load test needs mock Meta: the target file has no [meta]")
    connect(target)
    pool = KeyPool(target.keys.flat(), target.target.limit, target.target.window)
    probe = Probe(target.target.api, target.target.timeout, target.target.verify, SENDS)
    try:
        reachable(probe, pool, Role.FULL, ME)
        interlock(probe, pool, target)
    finally:
        probe.close()
    return target.meta.control


def _receiver(stack: Stack, target: Target) -> Receiver | None:
    if stack.receiver is None:
        return None
    named = "" if target.receiver is None else target.receiver.origin
    return Receiver(named or stack.receiver["origin"], stack.receiver["control"], stack.receiver["tripwire"])
