"""Settings that the control changes: what is not mentioned stays, null is no mention, and nothing unknown is taken."""

import pytest
from pydantic import ValidationError

from mock_meta.simulation.limits import LimitSettings, Throughput
from mock_meta.webhooks.chaos import Chaos
from tests.mock_meta.inside import Inside


def test_a_limit_that_is_mentioned_is_on_and_the_others_stay() -> None:
    changed = LimitSettings().changed(LimitSettings.model_validate({"throughput": {"per_second": 5}, "window": None}))
    assert changed.throughput == Throughput(enabled=True, per_second=5)
    assert changed.window == LimitSettings().window
    off = changed.changed(LimitSettings.model_validate({"throughput": {"enabled": False}}))
    assert off.throughput == Throughput(enabled=False, per_second=5)


def test_null_leaves_a_member_as_it_is(inside: Inside) -> None:
    inside.control("PUT", "/chaos", {"delay": 0.5, "delay_seconds": 2})
    chaos = inside.control("PUT", "/chaos", {"delay": None, "drop": 1})["chaos"]
    assert chaos == Chaos(delay=0.5, delay_seconds=2, drop=1).model_dump()


@pytest.mark.parametrize("given", [{"drop": 1.5}, {"dorp": 1}, {"delay_seconds": -1}])
def test_what_cannot_be_meant_is_refused(given: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        Chaos.model_validate(given)
