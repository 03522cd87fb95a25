"""SPEC-01 to -03: requests generated from `openapi.yaml`.

There is one generated run for each mode; the checks look at its findings operation by operation.
"""

from __future__ import annotations

from functools import cache
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from conformance.generation import Budget, Mode
from conformance.meta.templates import GREETING, PLAIN
from conformance.target import expect
from conformance.target.exchange import Exchange
from conformance.target.expect import requirement
from conformance.target.verdicts import Lacking, Mismatch, NoAnswerError, NoVerdict
from conformance.wacrm.generation import KnownTemplate
from conformance.wacrm.generation import run as run_generated
from conformance.wacrm.specification import OPENAPI

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from conformance.contract.openapi import Operation
    from conformance.generation import Answer, Defect, Run, Send
    from conformance.runner.run_state import RunState
    from conformance.target.api import Api
    from conformance.target.target import Capabilities
    from conformance.wacrm.steps.account import Account

    Generated = Callable[[Mode], Run]

# The three checks share their runs, so one worker makes all of them.
pytestmark = pytest.mark.xdist_group("generated")

BUDGET = Budget(seconds=90.0)
"""Enough for a deployment with few keys, where the limiter makes the run wait."""

TEMPLATES = (KnownTemplate(PLAIN, "en_US"), KnownTemplate(GREETING, "en_US", values=2))
SENDS = ("sendMessage", "createBroadcast")
OF_SENDS = ("getBroadcast", "getConversation", "listConversationMessages")
"""Operations about rows that only sends create."""

OPERATIONS = OPENAPI.operations
REFUSING = [
    operation for operation in OPERATIONS if operation.has_body or operation.takes_id or operation.query_schemas
]
REMEMBERING = [
    operation for operation in OPERATIONS if operation.takes_id or operation.id in {"listConversations", "listWebhooks"}
]


def each(operations: list[Operation] | tuple[Operation, ...]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("operation", operations, ids=[operation.id for operation in operations])


@pytest.fixture(scope="module")
def generated(
    run_state: RunState, capabilities: Capabilities, shared_account: Callable[[str], Account]
) -> Iterator[Generated]:
    """`generated(Mode.VALID)`: that mode's run, made when first asked for. Its endpoints are deleted at the end."""
    account = shared_account("generated")
    without = () if capabilities.messages and run_state.armed else SENDS
    made: list[Run] = []

    @cache
    def run(mode: Mode) -> Run:
        made.append(
            run_generated(
                mode, send=counted(steadily(account.api), run_state, mode), number=account.numbers.fresh,
                seed=run_state.seed, ids=existing(account),
                templates=TEMPLATES, without=without, budget=BUDGET,
            )
        )  # fmt: skip
        run_state.doing = ""
        return made[-1]

    yield run
    for run_ in made:
        for webhook in run_.created.get("webhooks", ()):
            account.api.delete(f"/webhooks/{webhook}")


def steadily(api: Api) -> Send:
    """Repeat a request without answer once: after a failure, servers close the connection."""

    def send(method: str, path: str, *, content: bytes | None, headers: Mapping[str, str]) -> Exchange:
        try:
            return api.call(method, path, content=content, headers=headers)
        except NoAnswerError:
            return api.call(method, path, content=content, headers=headers)

    return send


def counted(send: Send, run_state: RunState, mode: Mode) -> Send:
    """The same, with the number of requests in the progress line."""
    numbers = count(1)
    run_state.doing = f"generating requests ({mode})"

    def told(method: str, path: str, *, content: bytes | None, headers: Mapping[str, str]) -> Answer:
        run_state.doing = f"{next(numbers)} generated requests ({mode})"
        return send(method, path, content=content, headers=headers)

    return told


def existing(account: Account) -> dict[str, list[str]]:
    """Ids of existing rows."""
    rows = {kind: first_page(account, kind) for kind in ("contacts", "conversations")}
    tags = [tag["id"] for contact in rows["contacts"] for tag in contact.get("tags") or []]
    return {kind: [row["id"] for row in found if "id" in row] for kind, found in rows.items()} | {"tags": tags}


def first_page(account: Account, kind: str) -> list[dict[str, Any]]:
    answer = account.api.get(f"/{kind}", limit=20).json()
    rows = answer.get("data") if isinstance(answer, dict) else None
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


@requirement("SPEC-01")
@each(OPERATIONS)
def test_answers_to_generated_input_conform_to_the_specification(operation: Operation, generated: Generated) -> None:
    valid, invalid = generated(Mode.VALID), generated(Mode.INVALID)
    refuse("SPEC-01", operation, valid, invalid)
    proven(operation, valid)


@requirement("SPEC-02")
@each(REFUSING)
def test_generated_invalid_input_is_refused(operation: Operation, generated: Generated) -> None:
    run = generated(Mode.INVALID)
    refuse("SPEC-02", operation, run)
    called(operation, run)
    answers = run.answers[operation.label]
    if not operation.has_body and not operation.takes_id:
        return  # a deployment may take any value of a query parameter
    expect.precondition(any(400 <= s < 500 and s != 429 for s in answers), f"{operation.label} refused nothing")


@requirement("SPEC-03")
@each(REMEMBERING)
def test_generated_sequences_are_consistent(operation: Operation, generated: Generated) -> None:
    sequences, valid = generated(Mode.SEQUENCES), generated(Mode.VALID)
    refuse("SPEC-03", operation, sequences, valid)
    proven(operation, sequences, valid)


def refuse(clause: str, operation: Operation, *runs: Run) -> None:
    """A Mismatch for the operation's first defect, with the others as evidence."""
    defects = [defect for run in runs for defect in run.defects if concerns(defect, clause, operation)]
    if defects:
        first, *others = {defect.key: defect for defect in reversed(defects)}.values()
        exchanges = [first.answer] if isinstance(first.answer, Exchange) else []
        evidence = [f"seen {first.count} times", *(f"also: {line(other)}" for other in others)]
        raise Mismatch(first.problem.expected, first.problem.actual, *exchanges, evidence=evidence)


def concerns(defect: Defect, clause: str, operation: Operation) -> bool:
    return defect.clause == clause and defect.operation == operation.label


def line(defect: Defect) -> str:
    body = (defect.request.body or b"").decode("utf-8", "replace")
    return f"{defect.sentence} ({defect.request.operation.method} {defect.request.path[:200]} {body[:200]})"


def proven(operation: Operation, *runs: Run) -> None:
    """No verdict unless the operation succeeded at least once."""
    called(operation, *runs)
    succeeded = any(run.succeeded(operation.label) for run in runs)
    expect.precondition(succeeded, f"{operation.label} never answered with success")


def called(operation: Operation, *runs: Run) -> None:
    troubles = [trouble for run in runs for trouble in run.troubles]
    if troubles:
        raise RuntimeError(f"the generator failed: {'; '.join(troubles[:3])}")
    if any(operation.label in run.answers for run in runs):
        return
    sends_nothing = not any("POST /messages" in run.answers for run in runs)
    if sends_nothing and operation.id in (*SENDS, *OF_SENDS):
        raise Lacking("the deployment does not send messages, or the interlock is open")
    ended = "; ".join(f"{run.mode} ended {run.cut_short}" for run in runs if run.cut_short)
    raise NoVerdict(f"{operation.label} was not called: {ended or 'no generated sequence reached it'}")
