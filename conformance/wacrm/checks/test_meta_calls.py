"""META-08: calls to the Graph API."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from conformance.meta.templates import ORDER, PLAIN
from conformance.target import expect
from conformance.target.expect import requirement
from conformance.target.numbers import digits
from conformance.target.verdicts import Lacking
from conformance.target.waiting import eventually
from conformance.wacrm.expectations import envelope
from conformance.wacrm.steps.account import required
from conformance.wacrm.steps.outbound_messages import TYPES, sample, template

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.meta.mock_client import Entry
    from conformance.target.target import Capabilities
    from conformance.wacrm.steps.account import Account

pytestmark = pytest.mark.usefixtures("sends")

OLDEST_VERSION = 21
"""Wacrm's default. Meta may have switched off older versions; an operator may choose a newer one."""
PATH = re.compile(r"/v(\d+)\.0/(\d+)/messages")


def format_problems(request: Entry, numbers: Sequence[str]) -> list[str]:
    """What is wrong with the form of a request to send a message."""
    body, path = request["body"], PATH.fullmatch(request["path"])
    content_type = str(request["content_type"]).split(";", maxsplit=1)[0].strip().lower()
    to = body.get("to") if isinstance(body, dict) else None
    wrong = {
        f"method {request['method']}": request["method"] != "POST",
        f"path {request['path']}": path is None or path[2] not in numbers,
        f"version {request['version']}": path is not None and int(path[1]) < OLDEST_VERSION,
        "no bearer token in Authorization": request["authorization"]["scheme"] != "Bearer",
        "a token that Meta does not know": not request["authorization"]["known"],
        "a token in the query": "access_token" in request["query"],
        f"content type {content_type}": content_type != "application/json",
        "a body that is no JSON object": not isinstance(body, dict),
        f"to {to!r}": not (isinstance(to, str) and re.fullmatch(r"\+?[1-9]\d{6,14}", to)),
    }
    return [problem for problem, holds in wrong.items() if holds]


def all_well_formed(requests: Sequence[Entry], numbers: Sequence[str]) -> None:
    """Every call is well formed, and mock Meta reports no problems of those that it accepted."""
    for request in requests:
        problems = format_problems(request, numbers) + (request["problems"] if request["outcome"] == "accepted" else [])
        shown = f"{'; '.join(problems)}: {request['method']} {request['path']} {request['raw'][:300]}"
        expect.that(not problems, "a well-formed call to the Graph API", shown)


@requirement("META-08")
def test_calls_for_messages_of_every_type_are_well_formed(account: Account, other: Account) -> None:
    for one in (account, other):
        number, since = one.numbers.fresh(), one.mock_meta.mark()
        samples = [*(sample(kind, one.marker()) for kind in TYPES), template(PLAIN, "it")]
        first = one.api.post("/messages", samples[0].to(number))
        all_well_formed(one.mock_meta.sends(since=since, phone_number_id=one.phone_number_id), [one.phone_number_id])
        quote = {"reply_to_message_id": envelope.record(first, 201)["message_id"]}
        exchanges = [one.api.post("/messages", each.to(number, **quote)) for each in samples]
        calls = one.mock_meta.sends(to=digits(number), since=since)
        expect.that(len(calls) > len(samples), "a call to Meta for each send", f"{len(calls)} calls", *exchanges)
        all_well_formed(calls, [one.phone_number_id])
        refused = [call["error"] for call in calls if call["outcome"] != "accepted"]
        expect.equal(refused, [], "Meta's refusals of valid messages", *exchanges)


@requirement("META-08")
def test_calls_for_templates_with_every_component_are_well_formed(account: Account) -> None:
    number = account.numbers.fresh()
    params = {"headerText": "4711", "body": ["Ada", "the mail"], "buttonParams": {"0": "A-17"}}
    model = {"name": ORDER, "language": "en_US", "params": params}
    account.api.post("/messages", {"to": number, "type": "template", "template": model})
    calls = account.mock_meta.sends(to=digits(number))
    all_well_formed(calls, [account.phone_number_id])
    expect.equal([call["error"] for call in calls if call["error"]], [], "Meta's refusals of a valid template")


@requirement("META-08")
def test_calls_of_a_broadcast_are_well_formed(account: Account, capabilities: Capabilities) -> None:
    if not capabilities.broadcasts:
        raise Lacking("capabilities.broadcasts is false")
    recipients, since = account.numbers.many(4), account.mock_meta.mark()
    body = {"template_name": PLAIN, "template_language": "it", "recipients": [{"to": number} for number in recipients]}
    required(account.api.post("/broadcasts", body), 202)
    wanted = {digits(number) for number in recipients}

    def calls() -> list[Entry]:
        found = account.mock_meta.sends(since=since)
        return [call for call in found if digits(call["to"]) in wanted]

    eventually(lambda: len(calls()) >= len(recipients), account.mock_meta.patience)
    expect.precondition(calls(), "the broadcast did not reach Meta")
    all_well_formed(calls(), [account.phone_number_id])


@requirement("META-08")
def test_every_call_of_this_run_was_well_formed(account: Account, other: Account) -> None:
    """All calls that earlier checks of this run caused."""
    ours = [number for number in (account.phone_number_id, other.phone_number_id) if number]
    calls = [call for number in ours for call in account.mock_meta.sends(phone_number_id=number)]
    accepted_record = [call for call in calls if call["outcome"] == "accepted"]
    all_well_formed(accepted_record, ours)
    lost = [
        call for call in account.mock_meta.ledger(kind="request", operation="unknown") if "/messages" in call["path"]
    ]
    expect.equal([f"{call['method']} {call['path']}" for call in lost], [], "calls to an unknown phone number id")
