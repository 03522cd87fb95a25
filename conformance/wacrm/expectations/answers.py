"""That the API answers at all, whatever the input (ENV-02, ENV-04, ENV-06)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.target.verdicts import Mismatch, NoAnswerError
from conformance.wacrm.steps import malformed_input

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.contract.openapi import Operation
    from conformance.target.api import Api
    from conformance.target.exchange import Exchange
    from conformance.wacrm.steps.valid_requests import Calls


def answered(api: Api, method: str, path: str, **request: Any) -> Exchange:  # noqa: ANN401 - as Probe.send
    """The answer to malformed input. A Mismatch when there is none twice while the target answers other requests.

    Once is not enough: a server may close an idle connection at the moment it is used again.
    """
    try:
        return api.call(method, path, **request)
    except NoAnswerError:
        api.get("/me")
    try:
        return api.call(method, path, **request)
    except NoAnswerError as error:
        failed = error.exchange
    api.get("/me")
    raise Mismatch("an answer", str(failed.trouble), failed)


def malformed_body_answers(operation: Operation, calls: Calls) -> Iterator[Exchange]:
    """The operation's answers to bodies that are no JSON, no object, or hard to parse."""
    path = calls.to(operation).path
    for content in (
        *malformed_input.UNPARSABLE.values(),
        *malformed_input.NOT_OBJECTS.values(),
        *malformed_input.EXTREME_BODIES.values(),
    ):
        yield answered(calls.account.api, operation.method, path, content=content)
