"""MSG-08, MSG-09, MSG-14: sends that Meta refuses, answers late, or does not answer."""

import asyncio
from collections.abc import Callable, Mapping
from uuid import uuid4

import httpx

from reference.wacrm.assembly import Wacrm
from reference.wacrm.faults.registry import Fault, fault
from reference.wacrm.meta.graph_client import SendError
from reference.wacrm.patching.patches import patch
from reference.wacrm.patching.steps import wrap
from reference.wacrm.protocol.bodies import MessageCreate, MessageType
from reference.wacrm.protocol.envelope import ApiError, Code, Json
from reference.wacrm.storage.database import Row


@patch
def _refused(wacrm: Wacrm, handle: Callable[[str, MessageCreate, ApiError], None]) -> None:
    send = wacrm.messages.send

    async def handled(account: str, body: MessageCreate) -> Json:
        try:
            return await send(account, body)
        except ApiError as error:
            if error.code is Code.META_ERROR:
                handle(account, body, error)
            raise

    wrap(wacrm.messages, "send", handled)


@patch
def _impatient(wacrm: Wacrm, seconds: float) -> None:
    """Sends of the API give up early; the message goes out all the same."""
    send, running = wacrm.messages.send, set[asyncio.Task[Json]]()

    async def impatient(account: str, body: MessageCreate) -> Json:
        task = asyncio.create_task(send(account, body))
        running.add(task)
        task.add_done_callback(running.discard)
        done, _ = await asyncio.wait({task}, timeout=seconds)
        if not done:
            task.cancel()
            raise ApiError(Code.META_ERROR, "Meta API error: no answer in time")
        return task.result()

    wrap(wacrm.messages, "send", impatient)


_FOREVER = 45.0


ROWS = (
    Fault("MSG-09", "slow-answer-is-reported-as-failed", _impatient(0.5),
          "Meta is given half a second, and a message that it took later is reported as failed"),
    Fault("MSG-09", "answer-after-two-seconds-is-reported-as-failed", _impatient(2.0),
          "the send is abandoned when the client's patience is estimated to be over"),
)  # fmt: skip


@fault("MSG-08", "the row is written before the send, as sent, and stays when Meta refuses")
def refused_message_is_stored_as_sent(wacrm: Wacrm) -> None:
    def stored(account: str, body: MessageCreate, _error: ApiError) -> None:
        wacrm.messages.record(account, body, f"wamid.pending.{uuid4()}", None)

    _refused(stored)(wacrm)


@fault("MSG-08", "Meta's refusal of a template is answered as an internal error", _refused)
def refused_template_is_internal(_account: str, body: MessageCreate, error: ApiError) -> None:
    if body.type is MessageType.TEMPLATE:
        raise ApiError(Code.INTERNAL, error.message)


@fault("MSG-08", "Meta's refusal is passed on with Meta's status", _refused)
def refused_message_is_a_bad_request(_account: str, _body: MessageCreate, error: ApiError) -> None:
    if "reached" not in error.message and "answer" not in error.message:
        raise ApiError(Code.BAD_REQUEST, error.message)


@fault("MSG-08", "Meta's throttling is passed on as a 429")
def throttling_is_passed_on(wacrm: Wacrm) -> None:
    wamid = wacrm.graph.wamid

    def passed_on(response: httpx.Response) -> str:
        if response.status_code == 429:  # noqa: PLR2004 - a status
            raise ApiError(Code.RATE_LIMITED, "Too many requests.")
        return wamid(response)

    wrap(wacrm.graph, "wamid", passed_on)


@fault("MSG-08", "a refusal of Meta's that is not JSON is answered as an internal error")
def refusal_in_html_is_internal(wacrm: Wacrm) -> None:
    wamid = wacrm.graph.wamid

    def parsed(response: httpx.Response) -> str:
        if not response.is_success:
            response.json()
        return wamid(response)

    wrap(wacrm.graph, "wamid", parsed)


@fault("MSG-09", "long texts do not fit the column, and the row's failure is answered after Meta took the message")
def long_text_fails_after_it_was_sent(wacrm: Wacrm) -> None:
    record = wacrm.messages.record

    def overflowing(account: str, body: MessageCreate, wamid: str, quoted: Row | None) -> Json:
        if body.text is not None and len(body.text) > 2000:  # noqa: PLR2004 - the column's width
            raise ApiError(Code.META_ERROR, "Meta API error: the message could not be stored")
        return record(account, body, wamid, quoted)

    wrap(wacrm.messages, "record", overflowing)


@fault("MSG-09", "a message that Meta holds for a while is reported as refused")
def held_message_is_reported_as_failed(wacrm: Wacrm) -> None:
    wamid = wacrm.graph.wamid

    def impatient(response: httpx.Response) -> str:
        if response.is_success and '"held_for_quality_assessment"' in response.text:
            raise SendError("Meta API error: the message is held")
        return wamid(response)

    wrap(wacrm.graph, "wamid", impatient)


@fault("MSG-14", "requests to Meta have no timeout")
def silent_meta_hangs_the_send(wacrm: Wacrm) -> None:
    wacrm.graph.set_timeout(_FOREVER)


@fault("MSG-14", "a Meta that cannot be reached is tried again and again, with growing pauses, while the client waits")
def unreachable_meta_is_tried_for_minutes(wacrm: Wacrm) -> None:
    post = wacrm.graph.post

    async def patient(url: str, body: Json, headers: Mapping[str, str]) -> httpx.Response:
        try:
            return await post(url, body, headers)
        except SendError:
            await asyncio.sleep(_FOREVER)
            raise

    wrap(wacrm.graph, "post", patient)


@fault("MSG-14", "templates are sent by an older module, whose requests have no timeout")
def silent_meta_hangs_templates(wacrm: Wacrm) -> None:
    post = wacrm.graph.post

    async def patient(url: str, body: Json, headers: Mapping[str, str]) -> httpx.Response:
        try:
            return await post(url, body, headers)
        except SendError:
            await asyncio.sleep(_FOREVER if body["type"] == "template" else 0)
            raise

    wrap(wacrm.graph, "post", patient)
