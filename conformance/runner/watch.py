"""What a run stands on: the target, mock Meta and the receiver. When one of them ends, no verdict holds that came with it."""

from __future__ import annotations

import contextlib
import socket
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx

from conformance.target import waiting
from reports.results import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.target.target import Target

TARGET, MOCK_META, RECEIVER = "the target", "mock Meta", "the receiver"
ANSWER_WITHIN = 10.0
"""Seconds in which a living part answers, on a busy machine too."""
RESTARTS_WITHIN = 2.0
"""Seconds in which a target that was ended may listen again."""
GRACE = 5.0
"""Seconds before an end was seen in which a check may have failed of it."""


@dataclass(frozen=True)
class Death:
    """A part ended at `at` (unix time). `ours`: the deployment is not to blame for what was missing since."""

    part: str
    how: str
    at: float
    ours: bool

    @property
    def sentence(self) -> str:
        return f"{self.part} died in mid-run: {self.how}"

    def revised(self, verdict: Verdict, reason: str, ended: float) -> tuple[Verdict, str]:
        """What a verdict is worth that was given at `ended` (unix time): `no-verdict` when the death explains it as well."""
        if ended < self.at - GRACE or verdict not in ({Verdict.FAIL, Verdict.ERROR} if self.ours else {Verdict.FAIL}):
            return verdict, reason
        return Verdict.NO_VERDICT, f"{self.sentence}; the check had ended so shortly before or after: {reason}"


@dataclass(frozen=True)
class Part:
    """`trouble` tells how the part ended, None while it lives."""

    name: str
    trouble: Callable[[], str | None]
    ours: bool = True

    def death(self) -> Death | None:
        how = self.trouble()
        return None if how is None else Death(self.name, how, time.time(), self.ours)


def parts(target: Target, receiver: dict[str, Any] | None) -> list[Part]:
    """The parts of a run, as far as they can be asked from this process."""
    address = target.target
    found = [Part(TARGET, lambda: refuses(address.origin), ours=address.embedded)]
    if target.meta is not None:
        health = f"{target.meta.control}/health"
        found.append(Part(MOCK_META, lambda: silent(health)))
    if receiver is not None:
        touched = f"{receiver['control']}/touched"
        found.append(Part(RECEIVER, lambda: silent(touched)))
    return found


def first_death(watched: list[Part]) -> Death | None:
    """The first part that has ended; ours before the target, which may fail because they do."""
    ours_first = sorted(watched, key=lambda part: not part.ours)
    return next((death for part in ours_first if (death := part.death())), None)


def refuses(url: str) -> str | None:
    """Why the URL's host and port take no connection, for a while: a supervisor may be starting it again."""
    split = urlsplit(url)
    port = split.port or (443 if split.scheme == "https" else 80)
    for _ in waiting.polls(RESTARTS_WITHIN, RESTARTS_WITHIN / 4):
        try:
            with contextlib.closing(socket.create_connection((split.hostname or "", port), ANSWER_WITHIN)):
                return None
        except ConnectionRefusedError:
            continue
        except OSError:
            return None  # slow or elsewhere: not known to be dead
    return "it refuses connections"


def silent(url: str) -> str | None:
    """Why nothing answers at the URL; any answer of HTTP is a sign of life."""
    try:
        httpx.get(url, timeout=ANSWER_WITHIN, trust_env=False)
    except httpx.HTTPError as error:
        return f"it does not answer ({type(error).__name__})"
    return None
