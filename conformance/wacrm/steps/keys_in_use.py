"""Keys that are in use when they end: one that expires during the run, one that a command of the operator revokes."""

from __future__ import annotations

import hashlib
import os
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.target.keys import Role
from conformance.target.verdicts import Lacking, NoVerdict
from conformance.target.waiting import pause
from conformance.wacrm.specification import OPENAPI

if TYPE_CHECKING:
    from conformance.target.exchange import Exchange
    from conformance.target.keys import Key, KeyPool
    from conformance.target.probe import Probe
    from conformance.target.target import Target
    from conformance.wacrm.steps.valid_requests import Call, Calls

CLOCKS = 2.0
"""Seconds by which the target's clock may be behind ours."""
DEADLINE = 60.0
"""Seconds that the operator's command may take."""
UNAUTHORIZED = 401


@dataclass(frozen=True)
class Use:
    """A key, and the calls that it was admitted to while it was good."""

    key: Key
    calls: list[Call]

    def again(self, probe: Probe) -> list[Exchange]:
        """The same calls once more, in the same order."""
        return [call.bare(probe, self.key) for call in self.calls]


def used(key: Key, probe: Probe, calls: Calls) -> Use:
    """Ask for every operation twice with the key: what is remembered of it is remembered then."""
    asked = [calls.to_nothing(operation) for operation in OPENAPI.operations]
    admitted = [call for call in asked if _admitted(call, probe, key) and _admitted(call, probe, key)]
    if not admitted:
        raise NoVerdict(f"keys.{key} is refused before it ends: a run needs a new one")
    return Use(key, admitted)


def _admitted(call: Call, probe: Probe, key: Key) -> bool:
    return call.bare(probe, key).status != UNAUTHORIZED


def expiring_key(target: Target, pool: KeyPool) -> Key:
    """The key that expires during the run; `Lacking` without one, no verdict when it has expired already."""
    if target.keys.expiring is None:
        raise Lacking("the target file gives no key for keys.expiring")
    if seconds_left(target) <= 0:
        raise NoVerdict("keys.expiring had expired before it was used: a run needs a new one")
    return pool.keys(Role.EXPIRING)[0]


def seconds_left(target: Target) -> float:
    assert target.keys.expiring is not None
    return target.keys.expiring.expires_at.timestamp() - time.time()


def wait_for_expiry(target: Target) -> None:
    pause(max(seconds_left(target), 0.0) + CLOCKS)


def revoke(target: Target, key: Key) -> None:
    """Have the operator's command revoke the key. No verdict when it fails, with what it says."""
    secrets = {"WACRM_KEY": key.secret, "WACRM_KEY_HASH": hashlib.sha256(key.secret.encode()).hexdigest()}
    try:
        done = subprocess.run(  # noqa: S602 - the operator's own command line
            target.hooks.revoke, shell=True, env={**os.environ, **secrets}, timeout=DEADLINE, capture_output=True,
            text=True, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise NoVerdict(f"hooks.revoke does not end within {DEADLINE:.0f} s") from None
    if done.returncode:
        said = done.stderr.strip().replace(key.secret, key.shown)[-200:]
        raise NoVerdict(f"hooks.revoke ended with {done.returncode}: {said}")
