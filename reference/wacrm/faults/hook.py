"""HOOK: outbound webhooks. No fault contacts anything that is not on this machine."""

import asyncio
import base64
import hashlib
import hmac
import ipaddress
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import httpx

from reference.wacrm.assembly import Wacrm
from reference.wacrm.faults.registry import fault
from reference.wacrm.faults.steps import patch, reshape, rewrite
from reference.wacrm.protocol.bodies import B, Event, WebhookCreate, WebhookPatch
from reference.wacrm.protocol.envelope import ApiError, Json
from reference.wacrm.protocol.operations import Operation
from reference.wacrm.storage.database import Row
from reference.wacrm.webhooks.allowed_targets import RefusedTargetError, literal
from reference.wacrm.webhooks.dispatcher import Courier, Delivery


def _show_secret(wacrm: Wacrm, operation: Operation) -> None:
    """One operation's answer holds the secret that only the creation may show."""
    sql = "SELECT secret FROM webhook_endpoints WHERE id = :id"

    def shown(body: Json) -> None:
        endpoints = body["data"] if isinstance(body["data"], list) else [body["data"]]
        for endpoint in endpoints:
            row = wacrm.db.row(sql, {"id": endpoint["id"]})
            endpoint["secret"] = row["secret"] if row else None

    reshape(wacrm, operation, shown, status=200)


@fault("HOOK-01", "the list selects all columns")
def webhook_list_shows_secrets(wacrm: Wacrm) -> None:
    _show_secret(wacrm, Operation.LIST_WEBHOOKS)


@fault("HOOK-01", "the answer to a change is the row as it was returned by the UPDATE")
def patched_webhook_shows_its_secret(wacrm: Wacrm) -> None:
    _show_secret(wacrm, Operation.UPDATE_WEBHOOK)


@fault("HOOK-01", "the single read is a copy of the creation's presenter")
def read_webhook_shows_its_secret(wacrm: Wacrm) -> None:
    _show_secret(wacrm, Operation.READ_WEBHOOK)


@fault("HOOK-02", "https is asked for on creation, and not on change")
def patch_accepts_http(wacrm: Wacrm) -> None:
    update, check = wacrm.endpoints.update, wacrm.targets.check

    def lenient(text: str) -> str:
        return text if text.lower().startswith("http://") else check(text)

    def updated(account: str, text: str, body: WebhookPatch) -> Json:
        wacrm.targets.check = lenient  # type: ignore[method-assign]
        try:
            return update(account, text, body)
        finally:
            wacrm.targets.check = check  # type: ignore[method-assign]

    patch(wacrm.endpoints, "update", updated)


def _events(wacrm: Wacrm, change: Callable[[list[Any]], list[Any]]) -> None:
    validate = wacrm.bodies.validate

    def lenient(body: dict[str, Any], model: type[B]) -> B:
        if model is WebhookCreate and isinstance(body.get("events"), list):
            body = body | {"events": change(body["events"])}
        return validate(body, model)

    patch(wacrm.bodies, "validate", lenient)


@fault("HOOK-02", "unknown events are filtered out, as long as one remains")
def unknown_events_are_filtered_out(wacrm: Wacrm) -> None:
    known = {event.value for event in Event}
    _events(wacrm, lambda events: [e for e in events if e in known] or list(known))


@fault("HOOK-02", "no events are all events")
def no_events_are_all_events(wacrm: Wacrm) -> None:
    _events(wacrm, lambda events: events or [event.value for event in Event])


@fault("HOOK-03", "a new URL is answered, and not stored")
def patched_url_is_not_stored(wacrm: Wacrm) -> None:
    update = wacrm.endpoints.update

    def answered_only(account: str, text: str, body: WebhookPatch) -> Json:
        row = wacrm.endpoints.require(account, text)
        shown = update(account, text, body)
        sql = "UPDATE webhook_endpoints SET url = :url WHERE id = :id"
        wacrm.db.run(sql, {"url": row["url"], "id": row["id"]})
        return shown

    patch(wacrm.endpoints, "update", answered_only)


@fault("HOOK-03", "a change of events adds to them")
def patched_events_are_added(wacrm: Wacrm) -> None:
    changed = wacrm.endpoints.changed

    def added(row: Row, body: WebhookPatch) -> dict[str, object]:
        events = [Event(event) for event in json.loads(row["events"])]
        return changed(row, body.model_copy(update={"events": [*events, *body.events]}))

    patch(wacrm.endpoints, "changed", added)


@fault("HOOK-03", "a deleted endpoint is archived, and still listed")
def deleted_webhook_is_still_listed(wacrm: Wacrm) -> None:
    deleted: list[tuple[str, Row]] = []
    delete, page = wacrm.endpoints.delete, wacrm.endpoints.page

    def archived(account: str, text: str) -> Json:
        deleted.append((account, wacrm.endpoints.require(account, text)))
        return delete(account, text)

    def listed(account: str, window: Any) -> list[Row]:  # noqa: ANN401 - passed on as it came
        rows = page(account, window)
        room = window.limit - len(rows)
        return rows + [row for owner, row in deleted if owner == account][: max(room, 0)]

    patch(wacrm.endpoints, "delete", archived)
    patch(wacrm.endpoints, "page", listed)


def _reach_loopback(wacrm: Wacrm, overlooked: Callable[[httpx.URL], bool]) -> None:
    """Targets of one spelling are taken for public; none but this machine itself is reached for it."""
    check, resolve = wacrm.targets.check, wacrm.targets.resolve

    def passed(text: str) -> str:
        try:
            return check(text)
        except ApiError:
            url = wacrm.targets.parse(text)
            if url.scheme == "https" and not url.userinfo and overlooked(url):
                return text
            raise

    async def resolved(url: httpx.URL) -> str:
        try:
            return await resolve(url)
        except RefusedTargetError:
            address = loopback(url.host)
            if address is None or not overlooked(url):
                raise
            return address

    patch(wacrm.targets, "check", passed)
    patch(wacrm.targets, "resolve", resolved)


def loopback(host: str) -> str | None:
    """The loopback address that a host spells out, without asking anybody."""
    if host.rstrip(".").lower() in {"localhost", "ip6-localhost"}:
        return "127.0.0.1"
    address = literal(host)
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return str(address) if address is not None and address.is_loopback else None


@fault("HOOK-04", "addresses are checked, and names are not: localhost is a name")
def localhost_is_taken_for_public(wacrm: Wacrm) -> None:
    _reach_loopback(wacrm, lambda url: url.host.rstrip(".").lower() == "localhost")


@fault("HOOK-04", "the list of private addresses is of IPv4: ::1 and mapped addresses pass")
def ipv6_loopback_is_taken_for_public(wacrm: Wacrm) -> None:
    _reach_loopback(wacrm, lambda url: ":" in url.host)


@fault("HOOK-04", "private addresses are recognised by their beginning, 127.0.0.1 by its text")
def odd_spellings_of_loopback_are_taken_for_public(wacrm: Wacrm) -> None:
    _reach_loopback(
        wacrm, lambda url: url.host != "127.0.0.1" and literal(url.host) is not None and ":" not in url.host
    )


@fault("HOOK-04", "loopback is not among the private ranges")
def loopback_is_taken_for_public(wacrm: Wacrm) -> None:
    _reach_loopback(wacrm, lambda url: url.host == "127.0.0.1")


def _envelope(wacrm: Wacrm, change: Callable[[Json], None]) -> None:
    envelope = wacrm.dispatcher.envelope

    def changed(account: str, event: Event, data: Json) -> Json:
        made = envelope(account, event, data)
        change(made)
        return made

    patch(wacrm.dispatcher, "envelope", changed)


@fault("HOOK-05", "the id is the conversation's, so that a receiver can group by it")
def delivery_id_is_the_conversations(wacrm: Wacrm) -> None:
    def grouped(made: Json) -> None:
        made["id"] = made["data"]["conversation_id"]

    _envelope(wacrm, grouped)


@fault("HOOK-05", "the account is left out: the receiver knows whose endpoint it is")
def delivery_has_no_account(wacrm: Wacrm) -> None:
    def anonymous(made: Json) -> None:
        del made["account_id"]

    _envelope(wacrm, anonymous)


@fault("HOOK-05", "the header names the delivery, and not the endpoint")
def webhook_id_header_is_random(wacrm: Wacrm) -> None:
    _header(wacrm, lambda headers: headers | {"X-Wacrm-Webhook-Id": str(uuid4())})


def _header(wacrm: Wacrm, change: Callable[[dict[str, str]], dict[str, str]]) -> None:
    headers = wacrm.dispatcher.headers

    def changed(endpoint: Row, delivery: Delivery) -> dict[str, str]:
        return change(headers(endpoint, delivery))

    patch(wacrm.dispatcher, "headers", changed)


def _sign(wacrm: Wacrm, sign: Callable[[str, int, bytes], str]) -> None:
    patch(wacrm.dispatcher, "signature", sign)


@fault("HOOK-06", "the signature is over the body in another spelling than the one that is sent")
def signature_is_over_reserialised_json(wacrm: Wacrm) -> None:
    signature = wacrm.dispatcher.signature

    def over_escaped(secret: str, timestamp: int, body: bytes) -> str:
        return signature(secret, timestamp, json.dumps(json.loads(body)).encode())

    _sign(wacrm, over_escaped)


@fault("HOOK-06", "t is in milliseconds")
def signature_time_is_in_milliseconds(wacrm: Wacrm) -> None:
    signature = wacrm.dispatcher.signature

    def in_milliseconds(secret: str, timestamp: int, body: bytes) -> str:
        return signature(secret, timestamp * 1000, body)

    _sign(wacrm, in_milliseconds)


@fault("HOOK-06", "the digest is written in base64")
def signature_is_base64(wacrm: Wacrm) -> None:
    def in_base64(secret: str, timestamp: int, body: bytes) -> str:
        digest = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).digest()
        return f"t={timestamp},v1={base64.b64encode(digest).decode()}"

    _sign(wacrm, in_base64)


def _publish(wacrm: Wacrm, change: Callable[[Event, Json], Json | None]) -> None:
    """What is published of an event; None is nothing."""
    publish = wacrm.dispatcher.publish

    def changed(account: str, event: Event, data: Json) -> None:
        other = change(event, dict(data))
        if other is not None:
            publish(account, event, other)

    patch(wacrm.dispatcher, "publish", changed)


@fault("HOOK-07", "failures are not thought worth an event")
def failed_status_fires_nothing(wacrm: Wacrm) -> None:
    _publish(wacrm, lambda _event, data: None if data.get("status") == "failed" else data)


@fault("HOOK-07", "only text messages fire, as captions were an afterthought")
def inbound_media_fires_nothing(wacrm: Wacrm) -> None:
    def text_only(event: Event, data: Json) -> Json | None:
        is_other = event is Event.MESSAGE_RECEIVED and data["content_type"] not in {"text", "interactive"}
        return None if is_other else data

    _publish(wacrm, text_only)


@fault("HOOK-07", "the event of a new conversation names the contact by its conversation")
def created_event_names_the_wrong_contact(wacrm: Wacrm) -> None:
    def confused(event: Event, data: Json) -> Json:
        return data | {"contact_id": data["conversation_id"]} if event is Event.CONVERSATION_CREATED else data

    _publish(wacrm, confused)


@fault("HOOK-07", "a broadcast's recipients report their statuses like messages of the inbox")
def broadcast_statuses_fire_events(wacrm: Wacrm) -> None:
    apply, publish = wacrm.broadcasts.apply_status, wacrm.dispatcher.publish

    def fired(account: str, wamid: str, status: str) -> bool:
        known = apply(account, wamid, status)
        if known:
            data = {"whatsapp_message_id": wamid, "conversation_id": str(UUID(int=0)), "status": status}
            publish(account, Event.STATUS_UPDATED, data)
        return known

    patch(wacrm.broadcasts, "apply_status", fired)


@fault("HOOK-08", "the list of events is a preference of the dashboard")
def unsubscribed_events_are_delivered(wacrm: Wacrm) -> None:
    def everyone(account: str, _event: Event) -> list[Row]:
        return wacrm.db.rows(wacrm.endpoints.sql.active, {"account": account})

    patch(wacrm.endpoints, "subscribed", everyone)


@fault("HOOK-08", "an endpoint that was switched off is skipped on the next restart")
def inactive_endpoint_still_gets_events(wacrm: Wacrm) -> None:
    rewrite(wacrm.endpoints.sql, "active", "AND is_active = 1 ", "AND failure_count = 0 ")
    find = wacrm.endpoints.find

    def switched_on(account: str, identity: str) -> Row | None:
        row = find(account, identity)
        return _as_active(row) if row is not None and row["failure_count"] == 0 else row

    async def deliver(delivery: Delivery) -> None:
        wacrm.endpoints.find = switched_on  # type: ignore[method-assign]
        row = wacrm.endpoints.find(delivery.account, delivery.endpoint)
        wacrm.endpoints.find = find  # type: ignore[method-assign]
        if row is None or not row["is_active"]:
            return
        took = await wacrm.dispatcher.attempt(row, delivery)
        note = wacrm.endpoints.note_success if took else wacrm.endpoints.note_failure
        note(delivery.account, delivery.endpoint)

    patch(wacrm.dispatcher, "deliver", deliver)


def _as_active(row: Row) -> Any:  # noqa: ANN401 - a row with another value is no row
    return dict(row) | {"is_active": 1}


class _FollowingCourier(Courier):
    """Goes where a redirect points, on this machine."""

    async def post(self, url: httpx.URL, address: str, body: bytes, headers: dict[str, str]) -> int:
        client = await self._client_for(url.host)
        request = client.build_request("POST", url.copy_with(host=address), content=body, headers=headers)
        response = await client.send(request)
        if not response.is_redirect:
            return response.status_code
        onward = url.join(response.headers["location"])
        if loopback(onward.host) is None:
            return response.status_code
        return (
            await client.post(onward.copy_with(host=loopback(onward.host)), content=body, headers=headers)
        ).status_code


@fault("HOOK-09", "the HTTP client follows redirects by default")
def redirects_are_followed(wacrm: Wacrm) -> None:
    dispatcher = wacrm.dispatcher

    def following() -> Courier:
        return _FollowingCourier(dispatcher.trust(), dispatcher.timeout)

    patch(dispatcher, "courier", following)


@fault("HOOK-09", "a failed delivery is tried once more")
def failed_delivery_is_tried_again(wacrm: Wacrm) -> None:
    attempt = wacrm.dispatcher.attempt

    async def twice(endpoint: Row, delivery: Delivery) -> bool:
        return await attempt(endpoint, delivery) or await attempt(endpoint, delivery)

    patch(wacrm.dispatcher, "attempt", twice)


@fault("HOOK-10", "the count goes up and never decides anything")
def failing_endpoint_is_never_switched_off(wacrm: Wacrm) -> None:
    wacrm.endpoints.failures = 2**31


@fault("HOOK-10", "the count is of all failures, not of consecutive ones")
def success_does_not_reset_the_count(wacrm: Wacrm) -> None:
    rewrite(wacrm.endpoints.sql, "success", "failure_count = 0, ", "")


@fault("HOOK-10", "an endpoint that is switched on again keeps its count, and goes off at the next failure")
def switching_on_keeps_the_count(wacrm: Wacrm) -> None:
    rewrite(wacrm.endpoints.sql, "change", "failure_count = :failure_count", "failure_count = failure_count")


@fault("HOOK-10", "the count is compared with > instead of >=")
def endpoint_is_switched_off_one_late(wacrm: Wacrm) -> None:
    wacrm.endpoints.failures += 1


class _BlockingCourier(Courier):
    """Waits for the receiver without letting anybody else work."""

    async def post(self, url: httpx.URL, address: str, body: bytes, headers: dict[str, str]) -> int:
        with httpx.Client(verify=self._trust, timeout=self._timeout, trust_env=False) as client:
            answer = client.post(  # noqa: ASYNC212 - the very mistake
                url.copy_with(host=address),
                content=body,
                headers=headers | {"Host": url.netloc.decode("ascii")},
                extensions={"sni_hostname": url.host.rstrip(".")},
            )
        return answer.status_code


@fault("HOOK-11", "deliveries are made with a blocking client in the server's only thread")
def slow_receiver_blocks_everything(wacrm: Wacrm) -> None:
    dispatcher = wacrm.dispatcher

    def blocking() -> Courier:
        return _BlockingCourier(dispatcher.trust(), dispatcher.timeout)

    patch(dispatcher, "courier", blocking)


@fault("HOOK-11", "the send waits until its events are delivered")
def send_waits_for_its_deliveries(wacrm: Wacrm) -> None:
    send, deliver = wacrm.messages.send, wacrm.dispatcher.deliver
    under_way: set[asyncio.Task[None]] = set()

    async def tracked(delivery: Delivery) -> None:
        task = asyncio.ensure_future(deliver(delivery))
        under_way.add(task)
        task.add_done_callback(under_way.discard)
        await task

    async def waited(*arguments: Any) -> Json:  # noqa: ANN401 - passed on as they came
        answer = await send(*arguments)
        await asyncio.sleep(0.01)
        await asyncio.gather(*under_way, return_exceptions=True)
        return answer

    patch(wacrm.dispatcher, "deliver", tracked)
    patch(wacrm.messages, "send", waited)


_LATE_SECONDS = 0.5


@fault("HOOK-12", "conversations are announced by a job that runs twice a second")
def conversation_created_comes_late(wacrm: Wacrm) -> None:
    publish = wacrm.dispatcher.publish

    def delayed(account: str, event: Event, data: Json) -> None:
        if event is Event.CONVERSATION_CREATED:
            asyncio.get_running_loop().call_later(_LATE_SECONDS, publish, account, event, data)
        else:
            publish(account, event, data)

    patch(wacrm.dispatcher, "publish", delayed)


@fault("HOOK-12", "deliveries of one endpoint run beside each other, and the first has the longer way")
def deliveries_overtake_each_other(wacrm: Wacrm) -> None:
    enqueue = wacrm.dispatcher.enqueue
    waiting: list[Delivery] = []

    def release() -> None:
        if waiting:
            enqueue(waiting.pop(0))

    def swapped(delivery: Delivery) -> None:
        if delivery.event is Event.CONVERSATION_CREATED:
            waiting.append(replace(delivery))
            asyncio.get_running_loop().call_later(_LATE_SECONDS, release)
        else:
            enqueue(delivery)

    patch(wacrm.dispatcher, "enqueue", swapped)
