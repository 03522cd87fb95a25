from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, TypeGuard

import pytest

from conformance.generation import Budget, Mode, Run
from conformance.wacrm import generation
from conformance.wacrm.specification import OPENAPI
from tests.conformance.wacrm.generation.tiny import Plant, Tiny

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.conformance.wacrm.generation.tiny import Answered

# Far more seconds than it takes: a busy machine must not cut a test short.
SMALL = Budget(seconds=600, max_examples=5, sequences=30)
TINY = Budget(seconds=600, requests=200, max_examples=5, sequences=30)


def numbers() -> Callable[[], str]:
    drawn = itertools.count(199_000_000)
    return lambda: f"+33{next(drawn)}"


def run(mode: Mode, target: Tiny, seed: int = 1, budget: Budget = SMALL) -> Run:
    return generation.run(mode, send=target, number=numbers(), seed=seed, budget=budget)


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize(("seed", "lenient"), [(1, False), (2, True), (3, True)])
def test_a_correct_deployment_is_not_accused(mode: Mode, seed: int, *, lenient: bool) -> None:
    result = run(mode, Tiny(lenient=lenient), seed)
    assert [defect.sentence for defect in result.defects] == []
    assert result.troubles == []
    assert result.cut_short is None


def test_every_operation_is_called_and_what_can_succeed_does() -> None:
    result = run(Mode.VALID, Tiny())
    assert result.operations == len(OPENAPI.operations)
    able = [
        operation.label for operation in OPENAPI.operations if operation.path.startswith(("/contacts", "/webhooks"))
    ]
    assert [label for label in able if not result.succeeded(label)] == []
    assert not result.succeeded("POST /messages")


FOUND = [
    (
        Plant.WRONG_STATUS,
        Mode.VALID,
        "SPEC-01",
        "POST /contacts",
        "one of the statuses 200, 201, 400, 401, 403, 429, 500",
    ),
    (Plant.MISSING_MEMBER, Mode.VALID, "SPEC-01", "GET /contacts/{id}", "$.data: expected member company"),
    (Plant.BOUNDARY, Mode.VALID, "SPEC-01", "GET /webhooks", "no server error, whatever the input"),
    (Plant.CONTENT_TYPE, Mode.VALID, "SPEC-01", "GET /contacts/{id}", "content type application/json"),
    (Plant.WRONG_CODE, Mode.INVALID, "SPEC-01", "POST /contacts", '$.error.code: expected one of "bad_request"'),
    (Plant.ACCEPTS_NUMBER, Mode.INVALID, "SPEC-02", "POST /contacts", "4xx ($.name: expected string or null, got"),
    (Plant.ACCEPTS_NOTHING, Mode.INVALID, "SPEC-02", "POST /webhooks", "4xx ($: expected member events, got only"),
    (Plant.UNDEAD, Mode.SEQUENCES, "SPEC-03", "GET /webhooks/{id}", "404 for webhook after its deletion"),
    (Plant.LISTED, Mode.SEQUENCES, "SPEC-03", "GET /webhooks", "no deleted webhook in the list"),
    (Plant.LOST_UPDATE, Mode.VALID, "SPEC-03", "GET /contacts/{id}", " to be "),
    (Plant.LOST, Mode.VALID, "SPEC-03", "GET /contacts/{id}", "the contact that was created"),
]


@pytest.mark.parametrize(("plant", "mode", "clause", "operation", "expected"), FOUND)
def test_a_planted_defect_is_found(plant: Plant, mode: Mode, clause: str, operation: str, expected: str) -> None:
    result = run(mode, Tiny(frozenset({plant})), budget=Budget(seconds=600, max_examples=5))
    found = [
        defect for defect in result.defects if defect.operation == operation and expected in defect.problem.expected
    ]
    assert [defect.clause for defect in found[:1]] == [clause]
    assert {defect.clause for defect in result.defects} == {clause}


def test_a_defect_is_one_however_often_it_is_seen() -> None:
    (defect,) = run(Mode.VALID, Tiny(frozenset({Plant.WRONG_STATUS}))).defects
    assert defect.count > 10
    assert defect.answer.status == 202


def test_a_defect_is_shown_by_a_small_request() -> None:
    defects = run(Mode.INVALID, Tiny(frozenset({Plant.ACCEPTS_NUMBER}))).defects
    creating = next(defect for defect in defects if defect.operation == "POST /contacts")
    assert set(creating.request.json) == {"phone", "name"}
    assert not isinstance(creating.request.json["name"], str)


def test_the_same_seed_sends_the_same() -> None:
    first, again, other = Tiny(), Tiny(), Tiny()
    budget = Budget(seconds=600, max_examples=3, requests=60)
    for target, seed in ((first, 7), (again, 7), (other, 8)):
        run(Mode.VALID, target, seed, budget)
    assert bodies(first) == bodies(again)
    assert bodies(first) != bodies(other)


def bodies(target: Tiny) -> list[tuple[str, bytes | None]]:
    """Without paths: the target's ids are its own."""
    return [(method, content) for method, _, content in target.log]


@pytest.fixture(scope="module")
def called() -> Tiny:
    """A target that has been through every mode."""
    target = Tiny()
    for mode in Mode:
        run(mode, target)
    return target


def test_only_numbers_that_were_handed_out_and_hosts_that_never_resolve_are_sent(called: Tiny) -> None:
    sent = [json.loads(content) for _, _, content in called.log if is_object(content)]
    texts = [
        value for body in sent for name, value in body.items() if name in {"to", "phone"} and isinstance(value, str)
    ]
    dialable = [text for text in texts if 7 <= sum(c.isdigit() for c in text) <= 15]
    assert dialable
    assert all(text.startswith("+33199") for text in dialable)
    urls = [body[name] for body in sent for name in ("url", "media_url") if isinstance(body.get(name), str)]
    with_host = [url for url in urls if url.startswith("http")]
    assert with_host
    assert all("//generated.wacrm.invalid" in url for url in with_host)


def test_broadcasts_stay_small(called: Tiny) -> None:
    broadcasts = [
        json.loads(content) for _, path, content in called.log if path == "/broadcasts" and is_object(content)
    ]
    lists = [body["recipients"] for body in broadcasts if isinstance(body.get("recipients"), list)]
    assert 1 <= max(map(len, lists)) <= 5


def is_object(content: bytes | None) -> TypeGuard[bytes]:
    return (content or b"").startswith(b"{")


@pytest.mark.parametrize(
    ("budget", "reason"), [(Budget(seconds=600, requests=30), "after 30 requests"), (Budget(seconds=0), "after 0 s")]
)
def test_a_bound_ends_the_run_and_is_named(budget: Budget, reason: str) -> None:
    result = run(Mode.VALID, Tiny(), budget=budget)
    assert result.cut_short == reason
    assert result.requests <= 30


def test_what_sending_raises_reaches_the_caller() -> None:
    def broken(method: str, path: str, *, content: bytes | None, headers: Mapping[str, str]) -> Answered:
        raise ConnectionRefusedError(f"{method} {path} {content!r} {headers}")

    for mode in Mode:
        with pytest.raises(ConnectionRefusedError):
            generation.run(mode, send=broken, number=numbers(), seed=1, budget=SMALL)


def test_nothing_is_printed_or_written(
    capfd: pytest.CaptureFixture[str], tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path_factory.mktemp("cwd")
    monkeypatch.chdir(here)
    for mode in Mode:
        run(mode, Tiny(frozenset(Plant)), budget=TINY)
    assert capfd.readouterr() == ("", "")
    assert list(here.iterdir()) == []


def test_operations_can_be_left_out() -> None:
    target = Tiny()
    for mode in Mode:
        result = generation.run(
            mode, send=target, number=numbers(), seed=1, budget=TINY, without=("sendMessage", "createBroadcast")
        )
        assert result.troubles == []
    assert {path for method, path, _ in target.log if method == "POST"} == {"/contacts", "/webhooks"}


def test_what_was_made_is_named() -> None:
    target = Tiny()
    result = run(Mode.VALID, target)
    assert set(result.created["webhooks"]) == set(target.webhooks)
    assert set(result.created["contacts"]) == set(target.contacts)
