"""Fixtures that several groups of checks share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conformance.wacrm.steps.answers import Answers
from conformance.wacrm.steps.conversations import customer
from conformance.wacrm.steps.endpoints import Hooks
from conformance.wacrm.steps.tenants import Pair
from conformance.wacrm.steps.valid_requests import Calls

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conformance.target.target import Capabilities
    from conformance.wacrm.steps.account import Account
    from conformance.webhooks.receiver_client import Receiver

__all__ = ["customer"]


@pytest.fixture
def hooks(account: Account, receiver: Receiver) -> Iterator[Hooks]:
    """Endpoints at the receiver, removed at the end."""
    made = Hooks(account.api, receiver, account.word)
    yield made
    made.clear()


@pytest.fixture
def calls_of(capabilities: Capabilities, hook_origin: Callable[[], str]) -> Iterator[Callable[[Account], Calls]]:
    """`calls_of(other)`: valid requests for another account. The endpoints that were registered are deleted at the end."""
    made: list[Calls] = []

    def of(account: Account) -> Calls:
        made.append(Calls(account, capabilities, hook_origin))
        return made[-1]

    yield of
    for calls in made:
        calls.close()


@pytest.fixture
def calls(account: Account, calls_of: Callable[[Account], Calls]) -> Calls:
    """A valid request for each operation, for the main account."""
    return calls_of(account)


@pytest.fixture(scope="session")
def answers() -> Answers:
    """Answers that are asked for once and judged by several clauses."""
    return Answers()


@pytest.fixture
def pair(account: Account, other: Account, calls_of: Callable[[Account], Calls]) -> Pair:
    return Pair(calls_of(account), calls_of(other))


@pytest.fixture(params=["main reads other", "other reads main"])
def each(request: pytest.FixtureRequest, pair: Pair) -> Pair:
    """The two accounts, one way and the other way round."""
    return pair if request.param == "main reads other" else pair.turned
