"""HOOK: defects in what an endpoint is, where it may point, whom an event reaches, and when an endpoint is off."""

import httpx

from reference.wacrm.assembly import Wacrm
from reference.wacrm.faults.hook import loopback
from reference.wacrm.faults.registry import fault
from reference.wacrm.faults.steps import patch, rewrite
from reference.wacrm.protocol.bodies import Event, WebhookPatch
from reference.wacrm.protocol.envelope import ApiError, Json
from reference.wacrm.storage.database import Row
from reference.wacrm.webhooks.allowed_targets import RefusedTargetError
from reference.wacrm.webhooks.dispatcher import Delivery


@fault("HOOK-01", "the receiver is sent the secret, to compare it with its own")
def delivery_shows_the_secret(wacrm: Wacrm) -> None:
    headers = wacrm.dispatcher.headers

    def shown(endpoint: Row, delivery: Delivery) -> dict[str, str]:
        return headers(endpoint, delivery) | {"X-Wacrm-Secret": endpoint["secret"]}

    patch(wacrm.dispatcher, "headers", shown)


@fault("HOOK-03", "the list leaves out what is switched off")
def endpoint_that_is_off_is_not_listed(wacrm: Wacrm) -> None:
    rewrite(wacrm.endpoints.sql, "page", "account_id = :account AND", "account_id = :account AND is_active = 1 AND")


@fault("HOOK-03", "an endpoint's deliveries leave no date")
def last_delivery_is_never_noted(wacrm: Wacrm) -> None:
    rewrite(wacrm.endpoints.sql, "success", ", last_delivery_at = :now", "")


@fault("HOOK-04", "a target is checked when an endpoint is registered, and not when it is changed")
def changed_url_is_not_checked(wacrm: Wacrm) -> None:
    update, check, resolve = wacrm.endpoints.update, wacrm.targets.check, wacrm.targets.resolve
    unchecked: set[str] = set()

    def taken(text: str) -> str:
        try:
            return check(text)
        except ApiError:
            url = wacrm.targets.parse(text)
            if url.scheme != "https" or loopback(url.host) is None:
                raise
            unchecked.add(url.host)
            return text

    def changed(account: str, text: str, body: WebhookPatch) -> Json:
        wacrm.targets.check = taken  # type: ignore[method-assign]
        try:
            return update(account, text, body)
        finally:
            wacrm.targets.check = check  # type: ignore[method-assign]

    async def resolved(url: httpx.URL) -> str:
        try:
            return await resolve(url)
        except RefusedTargetError:
            address = loopback(url.host)
            if address is None or url.host not in unchecked:
                raise
            return address

    patch(wacrm.endpoints, "update", changed)
    patch(wacrm.targets, "resolve", resolved)


@fault("HOOK-06", "the account's newest secret signs for all of its endpoints")
def newest_secret_signs_everything(wacrm: Wacrm) -> None:
    headers = wacrm.dispatcher.headers
    newest = "SELECT secret FROM webhook_endpoints WHERE account_id = :account ORDER BY id DESC LIMIT 1"

    def signed(endpoint: Row, delivery: Delivery) -> dict[str, str]:
        row = wacrm.db.row(newest, {"account": delivery.account})
        signature = wacrm.dispatcher.signature(row["secret"] if row else "", int(wacrm.clock.seconds()), delivery.body)
        return headers(endpoint, delivery) | {"X-Wacrm-Signature": signature}

    patch(wacrm.dispatcher, "headers", signed)


@fault("HOOK-07", "every message announces its conversation")
def conversation_is_created_with_every_message(wacrm: Wacrm) -> None:
    publish = wacrm.dispatcher.publish

    def announced(account: str, event: Event, data: Json) -> None:
        if event is Event.MESSAGE_RECEIVED:
            known = {name: data[name] for name in ("conversation_id", "contact_id")}
            publish(account, Event.CONVERSATION_CREATED, known)
        if event is not Event.CONVERSATION_CREATED:
            publish(account, event, data)

    patch(wacrm.dispatcher, "publish", announced)


@fault("HOOK-07", "a text is cut to what a notification shows")
def event_text_is_cut(wacrm: Wacrm) -> None:
    publish, shown = wacrm.dispatcher.publish, 40

    def cut(account: str, event: Event, data: Json) -> None:
        publish(account, event, data | {"text": data["text"][:shown]} if data.get("text") else data)

    patch(wacrm.dispatcher, "publish", cut)


@fault("HOOK-08", "the account's endpoint is looked up, as if there were one")
def only_one_endpoint_is_told(wacrm: Wacrm) -> None:
    subscribed = wacrm.endpoints.subscribed

    def first(account: str, event: Event) -> list[Row]:
        return subscribed(account, event)[:1]

    patch(wacrm.endpoints, "subscribed", first)


@fault("HOOK-10", "whatever the receiver answered, it answered")
def client_errors_are_successes(wacrm: Wacrm) -> None:
    def answered(status: int) -> bool:
        return status < 500  # noqa: PLR2004 - only the server's own errors are failures

    patch(wacrm.dispatcher, "succeeded", answered)


@fault("HOOK-10", "the count is cleared only for an endpoint that was switched off automatically")
def pausing_keeps_the_count(wacrm: Wacrm) -> None:
    changed = wacrm.endpoints.changed

    def kept(row: Row, body: WebhookPatch) -> dict[str, object]:
        values = changed(row, body)
        if row["failure_count"] < wacrm.endpoints.failures:
            values["failure_count"] = row["failure_count"]
        return values

    patch(wacrm.endpoints, "changed", kept)


@fault("HOOK-10", "no answer in time is nobody's failure")
def silence_is_not_counted(wacrm: Wacrm) -> None:
    attempt, note_failure = wacrm.dispatcher.attempt, wacrm.endpoints.note_failure
    silent: set[str] = set()

    async def timed(endpoint: Row, delivery: Delivery) -> bool:
        began = wacrm.clock.monotonic()
        took = await attempt(endpoint, delivery)
        late = wacrm.clock.monotonic() - began >= wacrm.dispatcher.timeout
        (silent.add if late else silent.discard)(delivery.endpoint)
        return took

    def noted(account: str, identity: str) -> None:
        if identity not in silent:
            note_failure(account, identity)

    patch(wacrm.dispatcher, "attempt", timed)
    patch(wacrm.endpoints, "note_failure", noted)
