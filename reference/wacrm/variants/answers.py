"""Variants: what answers look like, and how long they take."""

import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from starlette.datastructures import QueryParams
from starlette.responses import Response

from reference.wacrm.assembly import Wacrm
from reference.wacrm.patching.patches import answer
from reference.wacrm.patching.steps import wrap
from reference.wacrm.protocol.envelope import Json
from reference.wacrm.protocol.operations import Operation
from reference.wacrm.storage.keyset_pages import Window
from reference.wacrm.variants.registry import variant


def _answers(wacrm: Wacrm, change: Callable[[Operation | None, int, Json, Response], Response]) -> None:
    """Let `change` replace every answer."""
    respond = wacrm.envelope.respond

    def changed(operation: Operation | None, status: int, body: Json, headers: Mapping[str, str]) -> Response:
        return change(operation, status, body, respond(operation, status, body, headers))

    wrap(wacrm.envelope, "respond", changed)


def _enriched(value: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, dict):
        return {
            "request_id": "r-1",
            **{name: _enriched(inner) for name, inner in value.items()},
            "fork": {"version": 2},
        }
    return [_enriched(inner) for inner in value] if isinstance(value, list) else value


def _kept(response: Response) -> dict[str, str]:
    return {name: value for name, value in response.headers.items() if name not in {"content-length", "content-type"}}


def _lower_tags(value: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, list):
        return [_lower_tags(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    inner = {name: _lower_tags(member) for name, member in value.items()}
    return {**inner, "name": inner["name"].lower()} if {"id", "name", "color"} == set(inner) else inner


STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


@variant("what DELETE answers besides success")
def delete_answers_204(wacrm: Wacrm) -> None:
    def empty(operation: Operation | None, status: int, _body: Json, response: Response) -> Response:
        return Response(status_code=204) if (operation, status) == (Operation.DELETE_WEBHOOK, 200) else response

    _answers(wacrm, empty)


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


@variant("parameters of the JSON content type, and whether connections are kept")
def answers_name_a_charset_and_close(wacrm: Wacrm) -> None:
    def closing(_operation: Operation | None, _status: int, _body: Json, response: Response) -> Response:
        response.headers["content-type"] = "application/json; charset=utf-8"
        response.headers["connection"] = "close"
        return response

    _answers(wacrm, closing)


@variant("how GET /me names the account (AUTH-07)")
def me_names_the_account_flatly(wacrm: Wacrm) -> None:
    def flat(body: Json) -> None:
        account = body["data"].pop("account")
        body["data"] |= {"account_id": account["id"], "account_name": account["name"]}

    answer(Operation.ME, flat)(wacrm)


@variant("where GET /me lists the key's scopes (AUTH-07)")
def me_lists_the_scopes_beside_the_account(wacrm: Wacrm) -> None:
    def beside(body: Json) -> None:
        body["data"]["scopes"] = body["data"].pop("key")["scopes"]

    answer(Operation.ME, beside)(wacrm)


@variant("where GET /me lists the key's scopes and names the account: everything in one object (AUTH-07)")
def me_is_one_flat_object(wacrm: Wacrm) -> None:
    def flat(body: Json) -> None:
        body["data"] = {"account_id": body["data"]["account"]["id"], "scopes": body["data"]["key"]["scopes"]}

    answer(Operation.ME, flat)(wacrm)


@variant("whether a list of endpoints, of which there are few, has a cursor")
def endpoints_are_listed_without_a_cursor(wacrm: Wacrm) -> None:
    def listed(body: Json) -> None:
        del body["meta"]

    window = wacrm.pages.window

    def whole(query: QueryParams, *subject: str) -> Window:
        asked = window(query, *subject)
        return replace(asked, limit=10_000) if subject[0] == "webhooks" else asked

    wrap(wacrm.pages, "window", whole)
    answer(Operation.LIST_WEBHOOKS, listed)(wacrm)


@variant("how tag names come back, compared without case (CONT-05)")
def tags_are_lower_case(wacrm: Wacrm) -> None:
    def lowered(_operation: Operation | None, _status: int, body: Json, response: Response) -> Response:
        return Response(json.dumps(_lower_tags(body)), response.status_code, _kept(response), "application/json")

    _answers(wacrm, lowered)


@variant("how long an answer takes")
def answers_are_slow(wacrm: Wacrm) -> None:
    def slow(_operation: Operation | None, _status: int, _body: Json, response: Response) -> Response:
        time.sleep(0.015)  # the whole process is busy, as a small machine's is
        return response

    _answers(wacrm, slow)
