"""Deployments that are correct in another way: where the contract leaves a choice, each variant takes the other one.

A gate that judges a variant red raises a false alarm. `wacrm-harness kills --variants` holds it silent on all of them.
"""

import asyncio
import json
import re
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeVar

import httpx
from starlette.requests import Request
from starlette.responses import Response

from reference.wacrm.assembly import Wacrm
from reference.wacrm.domain.broadcasts import Campaign
from reference.wacrm.domain.keys import Caller
from reference.wacrm.faults.steps import patch, reshape
from reference.wacrm.inbound.meta_webhook import Post
from reference.wacrm.protocol.bodies import Body, Event, MessageCreate, WebhookPatch
from reference.wacrm.protocol.envelope import ApiError, Code, Json
from reference.wacrm.protocol.operations import Operation
from reference.wacrm.storage.database import Row
from reference.wacrm.storage.keyset_pages import DEFAULT_LIMIT, Window
from reference.wacrm.webhooks.dispatcher import Delivery

Install = Callable[[Wacrm], None]
B = TypeVar("B", bound=Body)
STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


class UnknownVariantError(ValueError):
    """A name that no variant has."""


@dataclass(frozen=True)
class Variant:
    """`freedom` is what the contract leaves open."""

    name: str
    freedom: str
    install: Install


def variant(freedom: str) -> Callable[[Install], Variant]:
    """Declare a variant; its name is the function's, with hyphens."""
    return lambda install: Variant(install.__name__.replace("_", "-"), freedom, install)


def apply(wacrm: Wacrm, names: Iterable[str]) -> None:
    """Make `wacrm` differ in each of the named ways. Raises UnknownVariantError."""
    for name in names:
        if name not in VARIANTS:
            raise UnknownVariantError(f"unknown variant {name!r}; there are {', '.join(VARIANTS)}")
        VARIANTS[name].install(wacrm)


def _answers(wacrm: Wacrm, change: Callable[[Operation | None, int, Json, Response], Response]) -> None:
    """Let `change` replace every answer."""
    respond = wacrm.envelope.respond

    def changed(operation: Operation | None, status: int, body: Json, headers: Mapping[str, str]) -> Response:
        return change(operation, status, body, respond(operation, status, body, headers))

    patch(wacrm.envelope, "respond", changed)


@variant("what DELETE answers besides success")
def delete_answers_204(wacrm: Wacrm) -> None:
    def empty(operation: Operation | None, status: int, _body: Json, response: Response) -> Response:
        return Response(status_code=204) if (operation, status) == (Operation.DELETE_WEBHOOK, 200) else response

    _answers(wacrm, empty)


@variant("what becomes of an unusable limit")
def unusable_limit_is_the_default(wacrm: Wacrm) -> None:
    limit = wacrm.pages.limit

    def tolerant(text: str | None, listed: str) -> int:
        try:
            return limit(text, listed)
        except ApiError:
            return DEFAULT_LIMIT

    patch(wacrm.pages, "limit", tolerant)


@variant("what becomes of a cursor that the server did not issue")
def foreign_cursor_starts_over(wacrm: Wacrm) -> None:
    decode, start = wacrm.pages.decode, Window("", 1)

    def tolerant(cursor: str, subject: str) -> tuple[str, str]:
        try:
            return decode(cursor, subject)
        except ApiError:
            return start.created_at, start.id

    patch(wacrm.pages, "decode", tolerant)


@variant("400 or 404 for an impossible id (ENV-05)")
def impossible_id_is_400(wacrm: Wacrm) -> None:
    admit = wacrm.gate.admit

    def strict(request: Request, operation: Operation) -> Caller:
        caller = admit(request, operation)
        if any(wacrm.ids.parse(value) is None for value in request.path_params.values()):
            raise ApiError(Code.BAD_REQUEST, "The id is not valid.")
        return caller

    patch(wacrm.gate, "admit", strict)


@variant("what an unknown status filter selects, as long as it is not other statuses (CONV-02)")
def unknown_status_selects_nothing(wacrm: Wacrm) -> None:
    known = wacrm.conversations.status_filter

    def tolerant(text: str | None) -> str | None:
        try:
            return known(text)
        except ApiError:
            return "none of the three"

    patch(wacrm.conversations, "status_filter", tolerant)


@variant("the form of a timestamp within ISO 8601")
def stamps_have_offset_and_microseconds(wacrm: Wacrm) -> None:
    def restamped(_operation: Operation | None, _status: int, _body: Json, response: Response) -> Response:
        text = STAMP.sub(lambda found: f"{found[0][:-1]}000+00:00", bytes(response.body).decode())
        return Response(text, response.status_code, _kept(response), "application/json")

    _answers(wacrm, restamped)


@variant("further members in answers")
def answers_have_further_members(wacrm: Wacrm) -> None:
    def richer(_operation: Operation | None, _status: int, body: Json, response: Response) -> Response:
        return Response(json.dumps(_enriched(body)), response.status_code, _kept(response), "application/json")

    _answers(wacrm, richer)


def _enriched(value: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, dict):
        return {
            "request_id": "r-1",
            **{name: _enriched(inner) for name, inner in value.items()},
            "fork": {"version": 2},
        }
    return [_enriched(inner) for inner in value] if isinstance(value, list) else value


@variant("parameters of the JSON content type, and whether connections are kept")
def answers_name_a_charset_and_close(wacrm: Wacrm) -> None:
    def closing(_operation: Operation | None, _status: int, _body: Json, response: Response) -> Response:
        response.headers["content-type"] = "application/json; charset=utf-8"
        response.headers["connection"] = "close"
        return response

    _answers(wacrm, closing)


def _kept(response: Response) -> dict[str, str]:
    return {name: value for name, value in response.headers.items() if name not in {"content-length", "content-type"}}


@variant("how GET /me names the account (AUTH-07)")
def me_names_the_account_flatly(wacrm: Wacrm) -> None:
    def flat(body: Json) -> None:
        account = body["data"].pop("account")
        body["data"] |= {"account_id": account["id"], "account_name": account["name"]}

    reshape(wacrm, Operation.ME, flat, status=200)


@variant("what ids look like besides being UUIDs")
def ids_are_random(wacrm: Wacrm) -> None:
    patch(wacrm.ids, "new", lambda: str(uuid.uuid4()))


@variant("how tag names come back, compared without case (CONT-05)")
def tags_are_lower_case(wacrm: Wacrm) -> None:
    def lowered(_operation: Operation | None, _status: int, body: Json, response: Response) -> Response:
        return Response(json.dumps(_lower_tags(body)), response.status_code, _kept(response), "application/json")

    _answers(wacrm, lowered)


def _lower_tags(value: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, list):
        return [_lower_tags(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    inner = {name: _lower_tags(member) for name, member in value.items()}
    return {**inner, "name": inner["name"].lower()} if {"id", "name", "color"} == set(inner) else inner


@variant("whether numbers with blanks or without + are understood")
def phones_are_normalised(wacrm: Wacrm) -> None:
    validate = wacrm.bodies.validate

    def lenient(body: dict[str, Any], model: type[B]) -> B:
        for name in ("phone", "to"):
            if isinstance(body.get(name), str) and re.fullmatch(r"\+?[\d\s().-]{8,20}", body[name]):
                body = {**body, name: "+" + re.sub(r"\D", "", body[name])}
        return validate(body, model)

    patch(wacrm.bodies, "validate", lenient)


@variant("when Meta's webhook is worked on after its acknowledgement")
def webhooks_are_worked_on_late(wacrm: Wacrm) -> None:
    process = wacrm.inbox.process

    async def later(post: Post) -> None:
        await asyncio.sleep(0.25)
        await process(post)

    patch(wacrm.inbox, "process", later)


@variant("whether the deliveries of one event to several endpoints have one id")
def an_event_has_one_id_for_all_endpoints(wacrm: Wacrm) -> None:
    def publish(account: str, event: Event, data: Json) -> None:
        body = json.dumps(wacrm.dispatcher.envelope(account, event, data), separators=(",", ":")).encode()
        for endpoint in wacrm.endpoints.subscribed(account, event):
            wacrm.dispatcher.enqueue(Delivery(account, endpoint["id"], event, body))

    patch(wacrm.dispatcher, "publish", publish)


@variant("whether the failures of an endpoint's former URL count against its new one")
def a_new_url_begins_without_failures(wacrm: Wacrm) -> None:
    changed = wacrm.endpoints.changed

    def forgiven(row: Row, body: WebhookPatch) -> dict[str, object]:
        return changed(row, body) | ({"failure_count": 0} if "url" in body.model_fields_set else {})

    patch(wacrm.endpoints, "changed", forgiven)


@variant("how deliveries are made: by one worker, one after the other, which rests when there is none")
def a_worker_delivers_one_after_the_other(wacrm: Wacrm) -> None:
    deliver, lock, busy = wacrm.dispatcher.deliver, asyncio.Lock(), [0.0]

    async def in_turn(delivery: Delivery) -> None:
        async with lock:
            if time.monotonic() - busy[0] > 0.1:  # noqa: PLR2004 - it had nothing to do
                await asyncio.sleep(2.2)
            await deliver(delivery)
            busy[0] = time.monotonic()

    patch(wacrm.dispatcher, "deliver", in_turn)


@variant("whether a message that Meta took is told as sent (HOOK-07)")
def a_send_is_told_as_sent(wacrm: Wacrm) -> None:
    record = wacrm.messages.record

    def told(account: str, body: MessageCreate, wamid: str, quoted: Row | None) -> Json:
        answer = record(account, body, wamid, quoted)
        data = {"whatsapp_message_id": wamid, "conversation_id": answer["conversation_id"], "status": "sent"}
        wacrm.dispatcher.publish(account, Event.STATUS_UPDATED, data)
        return answer

    patch(wacrm.messages, "record", told)


@variant("how fast a broadcast fans out: one send after the other")
def fan_out_is_sequential(wacrm: Wacrm) -> None:
    attempt = wacrm.broadcasts.attempt
    lock = asyncio.Lock()

    async def one_by_one(campaign: Campaign, recipient: Row) -> None:
        async with lock:
            await asyncio.sleep(0.004)
            await attempt(campaign, recipient)

    wacrm.broadcasts.concurrency = 1
    patch(wacrm.broadcasts, "attempt", one_by_one)


@variant("how a number is written to Meta, which takes a plus")
def meta_is_given_numbers_with_a_plus(wacrm: Wacrm) -> None:
    post = wacrm.graph.post

    async def with_plus(url: str, body: Json, headers: Mapping[str, str]) -> httpx.Response:
        return await post(url, body | {"to": f"+{body['to']}"}, headers)

    patch(wacrm.graph, "post", with_plus)


@variant("how long an answer takes")
def answers_are_slow(wacrm: Wacrm) -> None:
    def slow(_operation: Operation | None, _status: int, _body: Json, response: Response) -> Response:
        time.sleep(0.015)  # the whole process is busy, as a small machine's is
        return response

    _answers(wacrm, slow)


@variant("what the deployment's clock says")
def clock_is_ahead(wacrm: Wacrm) -> None:
    seconds = wacrm.clock.seconds
    patch(wacrm.clock, "seconds", lambda: seconds() + 90.0)


@variant("what is charged (RATE-10): refusals cost nothing")
def refusals_cost_nothing(wacrm: Wacrm) -> None:
    def scope_first(request: Request, operation: Operation) -> Caller:
        request.scope["wacrm.operation"] = operation
        caller = wacrm.gate.identify(request, operation)
        wacrm.gate.check_scope(caller, operation)
        wacrm.gate.charge(caller, operation)
        return caller

    patch(wacrm.gate, "admit", scope_first)


VARIANTS = MappingProxyType({v.name: v for v in list(vars().values()) if isinstance(v, Variant)})
