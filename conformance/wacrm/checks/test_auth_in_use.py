"""AUTH-09: keys that end while they are in use."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conformance.target import expect
from conformance.target.expect import requirement
from conformance.target.keys import Role
from conformance.target.verdicts import Lacking
from conformance.wacrm.steps import keys_in_use

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.target.exchange import Exchange
    from conformance.target.keys import KeyPool
    from conformance.target.probe import Probe
    from conformance.target.target import Target
    from conformance.wacrm.steps.keys_in_use import Use
    from conformance.wacrm.steps.valid_requests import Calls

pytestmark = pytest.mark.xdist_group("role-keys")


def all_refused(exchanges: list[Exchange], since: str) -> None:
    """Every operation answers 401."""
    admitted = [exchange for exchange in exchanges if exchange.status != keys_in_use.UNAUTHORIZED]
    expect.that(
        not admitted,
        f"HTTP 401 from every operation since {since}",
        lambda: "; ".join(f"{e.method} {e.url}: HTTP {e.status}" for e in admitted),
        *admitted[:3],
    )


@requirement("AUTH-09")
def test_a_key_that_expires_in_use_is_refused(
    expiring_key_in_use: Callable[[], Use], target: Target, probe: Probe
) -> None:
    use = expiring_key_in_use()
    keys_in_use.wait_for_expiry(target)
    all_refused(use.again(probe), f"{target.keys.expiring.expires_at if target.keys.expiring else ''}, when it expired")


@requirement("AUTH-09")
def test_a_key_that_is_revoked_in_use_is_refused(target: Target, pool: KeyPool, probe: Probe, calls: Calls) -> None:
    if not target.hooks.revoke or not pool.has(Role.REVOCABLE):
        raise Lacking("the target file names no command in hooks.revoke, or no key in keys.revocable for it")
    use = keys_in_use.used(pool.keys(Role.REVOCABLE)[0], probe, calls)
    keys_in_use.revoke(target, use.key)
    all_refused(use.again(probe), "it was revoked")
