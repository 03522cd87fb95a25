"""RATE-01 to -12: the limiter.

The checks read what the limiter's experiments (conformance/limiter/laboratory.py) recorded in the background.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from conformance.limiter import charging, counting, instances, key_isolation, refusal_headers, reopening, shared_budget
from conformance.limiter.kinds import Kind, opening
from conformance.limiter.laboratory import OTHER_ACCOUNT, SAME_ACCOUNT
from conformance.limiter.observation import admissions, exchanges, refusals, span
from conformance.limiter.timeline import timeline
from conformance.meta.mock_client import MockMetaError
from conformance.target import expect
from conformance.target.expect import requirement
from conformance.target.verdicts import Lacking, NoVerdict
from conformance.wacrm.expectations.limiter_refusals import SEVERAL_LIMITERS, documented
from conformance.wacrm.specification import OPENAPI
from conformance.wacrm.steps.refused_writes import WRITE_OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.limiter.laboratory import Laboratory
    from conformance.limiter.observation import Series
    from conformance.limiter.requests import RefusedWrite

    Measure = Callable[[str, Any], None]

OPERATIONS = [operation.id for operation in OPENAPI.operations]
each_operation = pytest.mark.parametrize("operation_id", OPERATIONS)
each_write = pytest.mark.parametrize("operation_id", WRITE_OPERATIONS)
each_burst = pytest.mark.parametrize("burst", [0, 1])
each_other_key = pytest.mark.parametrize("key", [SAME_ACCOUNT, OTHER_ACCOUNT], ids=["same-account", "other-account"])
watched = pytest.mark.parametrize("experiment", ["edge", "retries", "asked_once", "sequential"])


def series_of(lab: Laboratory, experiment: str) -> Series:
    """The reads of an experiment that watches an exhausted key until it is admitted again."""
    match experiment:
        case "edge":
            return lab.of(lab.edge)
        case "retries":
            return lab.of(lab.retries).series
        case "asked_once":
            return lab.of(lab.asked_once)
    return lab.of(lab.sequential).series


def every_refusal(lab: Laboratory) -> Series:
    found = [seen for series in lab.every for seen in refusals(series)]
    expect.precondition(found, "no request was refused with 429 (RATE-01)")
    return found


@requirement("RATE-01")
def test_a_fresh_key_is_admitted_exactly_to_the_limit(lab: Laboratory, measure: Measure) -> None:
    found = lab.of(lab.sequential)
    measure("timeline_sequential", timeline(found.series))
    measure("admitted_in_sequence", counting.exact(found.first, lab.budget, again=found.after))


@requirement("RATE-01")
@watched
def test_no_window_admits_more_than_the_limit(experiment: str, lab: Laboratory) -> None:
    counting.no_more_in_a_window(series_of(lab, experiment), lab.budget)


@requirement("RATE-01")
def test_a_window_is_as_long_as_documented(lab: Laboratory, measure: Measure) -> None:
    after = lab.of(lab.sequential).after
    expect.precondition(after, "no window was seen to end (RATE-01, RATE-05)")
    measure("second_window_seconds", counting.as_long(after, lab.budget))


@requirement("RATE-02")
@each_burst
def test_a_burst_is_admitted_exactly_to_the_limit(burst: int, lab: Laboratory, measure: Measure) -> None:
    series = lab.of(lab.bursts[burst])
    measure(f"timeline_burst_{burst + 1}", timeline(series))
    measure(f"burst_{burst + 1}_seconds", round(span(series), 3))
    measure(f"burst_{burst + 1}_admitted", counting.exact(series, lab.budget))


@requirement("RATE-03")
def test_every_refusal_has_the_code_and_all_headers(lab: Laboratory, measure: Measure) -> None:
    found = every_refusal(lab)
    for seen in found:
        documented(seen, lab.limit)
    measure("refusals_judged", len(found))


@requirement("RATE-03")
@each_operation
def test_every_operation_refuses_with_the_code_and_all_headers(operation_id: str, lab: Laboratory) -> None:
    mixture, skipped = lab.of(lab.mixture)
    raise_if_skipped(skipped, operation_id)
    seen = dict(mixture.refused)[operation_id]
    if seen.refused:  # RATE-08 reports an admitted one
        documented(seen, lab.limit)


@requirement("RATE-04")
def test_reset_and_retry_after_name_the_same_moment(lab: Laboratory, measure: Measure) -> None:
    measure("refusals_judged", refusal_headers.consistent(every_refusal(lab), lab.clock))
    if lab.clock is not None:
        measure("clock_known_within_seconds", round(lab.clock.high - lab.clock.low, 2))


@requirement("RATE-04")
def test_neither_header_points_past_one_window(lab: Laboratory) -> None:
    refusal_headers.within_one_window(every_refusal(lab), lab.clock, lab.window)


@requirement("RATE-05")
@watched
def test_waiting_for_retry_after_is_sufficient(experiment: str, lab: Laboratory, measure: Measure) -> None:
    tested = reopening.waiting_is_enough(series_of(lab, experiment), last_word=lab.prolongs)
    measure(f"promises_tested_{experiment}", tested)


@requirement("RATE-05")
@watched
def test_the_window_opens_no_earlier_than_retry_after(experiment: str, lab: Laboratory, measure: Measure) -> None:
    ahead = reopening.opens_no_earlier(series_of(lab, experiment))
    measure(f"seconds_early_{experiment}", None if ahead is None else round(ahead, 2))


@requirement("RATE-06")
def test_the_whole_budget_is_available_after_the_reset(lab: Laboratory, measure: Measure) -> None:
    found = lab.of(lab.sequential)
    expect.precondition(found.after, "the key was never refused, or never admitted again (RATE-01, RATE-05)")
    measure("admitted_after_reset", counting.whole_again(found.after, lab.budget, first=len(admissions(found.first))))


@requirement("RATE-06")
def test_the_whole_budget_is_available_at_the_moment_of_the_reset(lab: Laboratory, measure: Measure) -> None:
    series = lab.of(lab.edge)
    fixed = lab.fit.kind in {Kind.FIRST_REQUEST, Kind.ALIGNED}
    reopened = counting.since_reopening(series)
    if fixed and reopened:
        measure("admitted_at_the_edge", counting.whole_again(reopened, lab.budget, first=lab.allowance))


@requirement("RATE-06")
def test_a_key_is_admitted_again_one_window_after_its_first_request(lab: Laboratory) -> None:
    series = lab.of(lab.edge)
    if not lab.prolongs:
        reopening.back_in_time(series, lab.allowance, lab.window)


@requirement("RATE-07")
@each_other_key
def test_an_exhausted_key_does_not_affect_a_key_in_use(key: str, lab: Laboratory) -> None:
    found = lab.of(lab.isolation)
    key_isolation.still_admitted(reads_of_other_key(found.begun, key, lab), key)


@requirement("RATE-07")
@each_other_key
def test_an_exhausted_key_does_not_affect_a_fresh_key(key: str, lab: Laboratory, measure: Measure) -> None:
    found = lab.of(lab.isolation)
    series = reads_of_other_key(found.fresh, key, lab)
    measure(f"admitted_fresh_{'same' if key == SAME_ACCOUNT else 'other'}_account", len(admissions(series)))
    key_isolation.untouched(series, found.spent, lab.in_practice, key)


@requirement("RATE-07")
def test_requests_with_another_key_do_not_restore_the_budget(lab: Laboratory) -> None:
    key_isolation.still_spent(lab.of(lab.isolation).spent, lab.in_practice)


@requirement("RATE-08")
@each_operation
def test_the_operation_is_refused_when_the_budget_is_exhausted(operation_id: str, lab: Laboratory) -> None:
    mixture, skipped = lab.of(lab.mixture)
    raise_if_skipped(skipped, operation_id)
    before = [seen for _, seen in mixture.mixed] + mixture.rest
    shared_budget.refused_when_spent(before, dict(mixture.refused)[operation_id], lab.in_practice, operation_id)


@requirement("RATE-08")
def test_all_operations_are_charged_to_one_budget(lab: Laboratory, measure: Measure) -> None:
    mixture, skipped = lab.of(lab.mixture)
    measure("timeline_all_operations", timeline(mixture.series))
    measure("operations", len(OPERATIONS) - len(skipped))
    measure("admitted", shared_budget.one_for_all([seen for _, seen in mixture.mixed], mixture.rest, lab.in_practice))


@requirement("RATE-09")
@each_write
def test_a_refused_write_has_no_effect(operation_id: str, lab: Laboratory) -> None:
    found = lab.of(lab.retries).writes.get(operation_id)
    expect.precondition(found is not None, "the key was never refused, so there was no refused write")
    if isinstance(found, Exception):
        raise found
    assert found is not None
    write, answer = found
    effect = effect_of(write) if answer.refused else ""  # RATE-08 reports an admitted one
    expect.that(not effect, "a write refused with 429 to have no effect", effect, *exchanges([answer]))


@requirement("RATE-09")
def test_refused_requests_do_not_prolong_the_wait(lab: Laboratory, measure: Measure) -> None:
    series = lab.of(lab.retries).series
    measure("timeline_retries", timeline(series))
    count, seconds = reopening.not_prolonged(series, lab.window)
    measure("refusals_while_waiting", count)
    measure("admitted_again_after_seconds", seconds)


@requirement("RATE-10")
def test_which_failed_requests_are_charged_is_measured(lab: Laboratory, measure: Measure) -> None:
    found: dict[str, int] = {}
    unmeasured = []
    for experiment in (lab.charges, lab.forbidden):
        try:
            priced = lab.of(experiment)
            found |= charging.charged(priced.batches, priced.rest, lab.in_practice)
        except (NoVerdict, Lacking) as error:
            unmeasured.append(str(error))
    unknown_key = lab.of(lab.unknown_key)
    found |= charging.unknown_key(unknown_key)
    refills = lab.budget.fit is not None and lab.budget.fit.kind is Kind.TOKEN_BUCKET
    expect.precondition(len(found) > 1 or refills, "; ".join(unmeasured))
    measure("finding", charging.words(found))
    measure("not_measured", unmeasured)


@requirement("RATE-11")
def test_the_windows_kind_is_measured(lab: Laboratory, measure: Measure) -> None:
    fit, series = lab.fit, lab.of(lab.edge)
    measure("finding", str(fit.kind))
    measure("answers", fit.asked)
    measure("answers_unexplained_by", fit.numbers)
    measure("opened_between_seconds", opening(series))
    measure("admitted_at_the_opening", len(admissions(counting.since_reopening(series))))
    measure("timeline_edge", timeline(series))


@requirement("RATE-12")
def test_the_deployment_has_one_budget(lab: Laboratory, measure: Measure) -> None:
    series = lab.of(lab.instances)
    measure("timeline_instances", timeline(series))
    limited = [*refusals(series), *refusals(lab.of(lab.sequential).first)]
    expect.precondition(limited, "no request was refused, on one connection or many (RATE-01)")
    found = instances.estimate(series, lab.limit)
    measure("finding", f"{found.words}: {found.admitted} of {len(series)} admitted, {found.factor:g} times the limit")
    instances.one_budget(series, lab.budget, SEVERAL_LIMITERS)


def effect_of(write: RefusedWrite) -> str:
    """The write's effect; no verdict when mock Meta cannot be asked."""
    try:
        return write.trace()
    except MockMetaError as error:
        raise NoVerdict(str(error)) from error


def raise_if_skipped(skipped: dict[str, Exception], operation_id: str) -> None:
    if operation_id in skipped:
        raise skipped[operation_id]


def reads_of_other_key(keys: dict[str, Series], key: str, lab: Laboratory) -> Series:
    """The reads of a key beside the exhausted one."""
    if key not in keys:
        raise Lacking(f"the target file gives too few keys: no {key} is left for this experiment")
    expect.precondition(refusals(lab.of(lab.isolation).spent), "the other key was not exhausted")
    return keys[key]
