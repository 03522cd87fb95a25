"""Keys and their budgets: the limiter is a resource that checks share (contract: RATE, "Facts")."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum
from threading import Condition
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

MARGIN = 1.0
"""Seconds added to the window before a spent slot counts as free again: the target's clock starts after ours."""


class Role(StrEnum):
    """What a key is for. `only:<scope>` and `all_but:<scope>` keys are found by `scoped_role`."""

    FULL = "full"
    NONE = "none"
    REVOKED = "revoked"
    EXPIRED = "expired"
    EXPIRING = "expiring"
    REVOCABLE = "revocable"
    OTHER = "other_account"
    UNCONFIGURED = "unconfigured"


def scoped_role(kind: str, scope: str) -> str:
    """`scoped_role("only", "contacts:read")` is `"only:contacts:read"`."""
    return f"{kind}:{scope}"


@dataclass(frozen=True, eq=False)
class Key:
    """An API key that never prints itself. `label` is what logs, reports and curl lines show."""

    HEADER: ClassVar[str] = "Authorization"

    label: str
    role: str
    secret: str = field(repr=False)

    @property
    def authorization(self) -> str:
        """The value of the header that carries it."""
        return f"Bearer {self.secret}"

    @property
    def placeholder(self) -> str:
        """The shell variable that stands for the key in a curl line: `$WACRM_KEY` is a key with every scope."""
        if self.role == Role.FULL:
            return "$WACRM_KEY"
        return "$WACRM_KEY_" + "".join(c if c.isalnum() else "_" for c in self.role).upper()

    @property
    def shown(self) -> str:
        """The header's value as a shell command writes it, between double quotes."""
        return f"Bearer {self.placeholder}"

    def __str__(self) -> str:
        return self.label


class NoSuchKeyError(LookupError):
    """The target file has no key of this role."""


class KeyPool:
    """Lends keys so that no key is asked more than `limit` times in any `window` seconds.

    The account is a sliding log, which no fixed or sliding window of the target can find too much.
    `lend` spends the first key first, so that late keys stay fresh for `exclusive`.
    """

    def __init__(
        self,
        keys: Iterable[Key],
        limit: int,
        window: float,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._keys: dict[str, list[Key]] = {}
        for key in keys:
            self._keys.setdefault(key.role, []).append(key)
        self._spent: dict[Key, deque[float]] = {}
        self._closed_until: dict[Key, float] = {}
        self._limit, self._window, self._clock = limit, window, clock
        self._changed = Condition()
        self.waited = 0.0
        self.waiting_until = 0.0

    def has(self, role: str) -> bool:
        return bool(self._keys.get(role))

    def keys(self, role: str) -> Sequence[Key]:
        """Every key of the role that is not lent exclusively."""
        try:
            return tuple(self._keys[role])
        except KeyError:
            raise NoSuchKeyError(f"the target file has no key for the role {role!r}") from None

    def lend(self, role: str) -> Key:
        """A key of the role with one request of budget, already booked. Waits when all are spent."""
        with self._changed:
            while True:
                waits = {key: self._wait_for(key) for key in self.keys(role)}
                key = min(waits, key=lambda k: waits[k])
                if waits[key] <= 0:
                    self._spent.setdefault(key, deque()).append(self._clock())
                    return key
                self._pause(waits[key])

    def book(self, key: Key) -> None:
        """Book one request on this very key, waiting for its budget."""
        with self._changed:
            while (wait := self._wait_for(key)) > 0:
                self._pause(wait)
            self._spent.setdefault(key, deque()).append(self._clock())

    def book_now(self, key: Key) -> bool:
        """Book one request on this key if it has budget at this moment; never waits."""
        with self._changed:
            free = self._wait_for(key) <= 0
            if free:
                self._spent[key].append(self._clock())
            return free

    def spent(self, key: Key) -> int:
        """Requests of the last window that are booked on the key."""
        with self._changed:
            self._wait_for(key)
            return len(self._spent[key])

    def exclusive(self, role: str = Role.FULL) -> Key | None:
        """Take a never used key out of the pool, for a check that spends it on purpose; None when there is none to spare."""
        with self._changed:
            keys = self._keys.get(role, [])
            fresh = [key for key in keys if not self._spent.get(key)]
            if len(keys) < 2 or not fresh:  # noqa: PLR2004 - the last key stays with the pool
                return None
            keys.remove(fresh[-1])
            return fresh[-1]

    def refused(self, key: Key, retry_after: float) -> None:
        """The target answered 429 although the pool thought the key had budget: do not use it until then."""
        with self._changed:
            self._closed_until[key] = self._clock() + min(max(retry_after, 0.0), self._window + MARGIN)

    def _wait_for(self, key: Key) -> float:
        now = self._clock()
        spent = self._spent.setdefault(key, deque())
        while spent and spent[0] <= now - self._window - MARGIN:
            spent.popleft()
        wait = self._closed_until.get(key, now) - now
        if len(spent) >= self._limit:
            wait = max(wait, spent[-self._limit] + self._window + MARGIN - now)
        return wait

    def _pause(self, seconds: float) -> None:
        self.waiting_until = self._clock() + seconds
        started = self._clock()
        self._changed.wait(seconds)
        self.waited += self._clock() - started


def kept_fresh(keys: Sequence[Key]) -> list[Key]:
    """The keys that nothing asks with before the limiter checks do, so that their windows have not begun: the last third
    of the full ones, and of other accounts' and those without scopes the last half.
    """
    found: list[Key] = []
    for role, part in ((Role.FULL, 3), (Role.OTHER, 2), (Role.NONE, 2)):
        same_role = [key for key in keys if key.role == role]
        found += same_role[len(same_role) - len(same_role) // part :]
    return found


def split(keys: Sequence[Key], workers: int, index: int) -> list[Key]:
    """The share of worker `index` (0-based) of `workers`: full and other-account keys are dealt out, so that no two
    workers spend one budget; keys of which there is one go to every worker, and the checks that spend them to one worker.
    """
    dealt: list[Key] = []
    by_role: dict[str, list[Key]] = {}
    for key in keys:
        by_role.setdefault(key.role, []).append(key)
    for same_role in by_role.values():
        dealt += same_role[index::workers] if len(same_role) >= workers else same_role
    return dealt
