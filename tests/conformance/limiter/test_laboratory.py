"""The laboratory against the reference itself, with a window of seconds."""

from __future__ import annotations

import json
import random
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from conformance.limiter import (
    charging,
    counting,
    experiments,
    instances,
    key_isolation,
    refusal_headers,
    shared_budget,
)
from conformance.limiter.counting import Budget
from conformance.limiter.instrument import Live, Turns
from conformance.limiter.kinds import Kind
from conformance.limiter.laboratory import Inputs, Laboratory
from conformance.meta.mock_client import MockMeta
from conformance.runner.process import Process
from conformance.runner.stack import Embedded, Stack
from conformance.target.api import Api
from conformance.target.keys import Key, KeyPool, Role
from conformance.target.numbers import Numbers
from conformance.target.probe import Probe
from conformance.target.verdicts import Mismatch, NoVerdict
from conformance.wacrm.reference import new_accounts, start_reference
from conformance.wacrm.steps import limiter_requests
from conformance.wacrm.steps.account import Account
from conformance.wacrm.steps.limiter_requests import SPEND
from conformance.wacrm.steps.valid_requests import Calls
from tests.conformance.limiter.balancer import balancer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conformance.target.target import Target

LIMIT, WINDOW = 24, 10.0


@pytest.fixture(scope="module")
def reference() -> Iterator[Target]:
    with Stack(seed=1) as stack:
        stack.start_receiver()
        yield start_reference(stack, Embedded(limit=LIMIT, window=WINDOW))


@pytest.fixture
def laboratory(reference: Target) -> Iterator[Callable[[list[Key]], Laboratory]]:
    """`laboratory(keys)`: one on these keys of the reference, closed at the end."""
    made: list[Laboratory] = []
    rng, unused = random.Random(1), Probe(reference.target.api)
    assert reference.meta is not None
    mock_meta = MockMeta(reference.meta.control)

    def on(keys: list[Key]) -> Laboratory:
        pool = KeyPool(keys, LIMIT, WINDOW)
        account = Account(Api(unused, pool, Role.FULL), Numbers(rng), lambda: f"w{rng.random()}", mock_meta, "", "")
        requests = limiter_requests.requests(lambda api: Calls(replace(account, api=api), reference.capabilities), pool)
        inputs = Inputs(pool, LIMIT, WINDOW, lambda: Probe(reference.target.api, armed=True), requests, rng)
        made.append(Laboratory(inputs))
        return made[-1]

    yield on
    for lab in made:
        lab.close()
    unused.close()
    mock_meta.client.close()


def test_a_right_limiter(reference: Target, laboratory: Callable[[list[Key]], Laboratory]) -> None:
    lab = laboratory(reference.keys.flat())
    assert lab.fit.kind is Kind.FIRST_REQUEST
    assert counting.exact(lab.of(lab.sequential).first, lab.budget) == LIMIT
    for burst in lab.bursts:
        seen = lab.of(burst)
        assert counting.exact(seen, lab.budget) == LIMIT
    seen = lab.of(lab.instances)
    assert instances.one_budget(seen, lab.budget).limiters == 1
    mixture, lacking = lab.of(lab.mixture)
    assert (len(mixture.refused), lacking) == (16, {})
    assert lab.clock is not None
    assert refusal_headers.consistent([s for one in lab.every for s in one if s.refused], lab.clock) > 50
    assert len(lab.of(lab.retries).writes) == 7
    assert lab.requests > 9 * LIMIT


def test_keys_that_were_all_used_just_before_give_no_finding(
    reference: Target, laboratory: Callable[[list[Key]], Laboratory]
) -> None:
    """As after somebody has tried every key of the file."""
    keys = [key for key in reference.keys.flat() if key.role in {Role.FULL, Role.OTHER}][60:]
    before = Probe(reference.target.api)
    for key in keys:
        before.send(SPEND.method, SPEND.path, key=key)
    before.close()
    threading.Event().wait(2.0)
    lab = laboratory(keys)
    sequential, isolation, mixture = lab.of(lab.sequential), lab.of(lab.isolation), lab.of(lab.mixture)[0]
    bursts, rest, cost = [lab.of(burst) for burst in lab.bursts], lab.of(lab.instances), lab.of(lab.charges)
    judged = [
        _verdict(counting.exact, sequential.first, lab.budget, sequential.after),
        _verdict(counting.whole_again, sequential.after, lab.budget, len(sequential.first)),
        *(_verdict(counting.exact, burst, lab.budget) for burst in bursts),
        *(_verdict(key_isolation.still_admitted, one, "key") for one in isolation.begun.values()),
        *(_verdict(key_isolation.untouched, o, isolation.spent, lab.budget, "key") for o in isolation.fresh.values()),
        _verdict(shared_budget.one_for_all, [seen for _, seen in mixture.mixed], mixture.rest, lab.in_practice),
        _verdict(charging.charged, cost.batches, cost.rest, lab.in_practice),
        _verdict(instances.one_budget, rest, lab.budget),
    ]
    assert "no verdict" in judged


def _verdict(judge: Callable[..., object], *data: object) -> str:
    """A finding would come out as `Mismatch`."""
    try:
        judge(*data)
    except NoVerdict:
        return "no verdict"
    return "pass"


def test_a_closed_laboratory_ends_at_once(reference: Target, laboratory: Callable[[list[Key]], Laboratory]) -> None:
    lab = laboratory(reference.keys.flat()[20:60])
    lab.close()
    with pytest.raises(NoVerdict):
        lab.of(lab.edge)


# -- several processes ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def processes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[list[int], dict[str, Any]]]:
    """Three reference processes with the same keys, and the accounts file."""
    accounts = new_accounts()
    file = tmp_path_factory.mktemp("processes") / "accounts.json"
    file.write_text(json.dumps(accounts))
    started = [
        Process("reference.wacrm", "--port", "0", "--accounts", str(file), "--limit", str(LIMIT), "--window", "60")
        for _ in range(3)
    ]
    yield [urlsplit(one.address["url"]).port or 0 for one in started], accounts
    for one in started:
        one.stop()


@pytest.mark.parametrize("count", [1, 2, 3])
def test_limiters_behind_a_balancer_are_counted(count: int, processes: tuple[list[int], dict[str, Any]]) -> None:
    ports, accounts = processes
    key = Key("full[0]", Role.FULL, accounts["accounts"][0]["keys"][count]["key"])
    budget = Budget(LIMIT, 60.0)
    with balancer(ports[:count]) as port:
        probe = Probe(f"http://127.0.0.1:{port}/api/v1")
        live = Live(probe, LIMIT, 60.0, SPEND, Turns())
        series = experiments.instances(live, key)
        probe.close()
    found = instances.estimate(series, LIMIT)
    assert (found.limiters, found.admitted) == (count, count * LIMIT)
    if count > 1:
        with pytest.raises(Mismatch, match=f"about {count} limiter instances"):
            instances.one_budget(series, budget)
