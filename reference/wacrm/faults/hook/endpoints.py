"""HOOK-01, HOOK-02, HOOK-03: registering, reading, changing and deleting endpoints."""

import json
from collections.abc import Callable
from typing import Any

from reference.wacrm.assembly import Wacrm
from reference.wacrm.faults.hook.patches import assign
from reference.wacrm.faults.registry import Fault, fault
from reference.wacrm.patching.patches import answer, patch, request_body, sql
from reference.wacrm.patching.steps import under_way, wrap
from reference.wacrm.protocol.bodies import Event, WebhookCreate, WebhookPatch
from reference.wacrm.protocol.envelope import Json
from reference.wacrm.protocol.operations import Operation
from reference.wacrm.storage.database import Row
from reference.wacrm.webhooks.dispatcher import Delivery


@patch
def _show_secret(wacrm: Wacrm, operation: Operation) -> None:
    """One operation's answer holds the secret that only the creation may show."""
    sql = "SELECT secret FROM webhook_endpoints WHERE id = :id"

    def shown(body: Json) -> None:
        endpoints = body["data"] if isinstance(body["data"], list) else [body["data"]]
        for endpoint in endpoints:
            row = wacrm.db.row(sql, {"id": endpoint["id"]})
            endpoint["secret"] = row["secret"] if row else None

    answer(operation, shown)(wacrm)


@patch
def _events(wacrm: Wacrm, change: Callable[[list[Any]], list[Any]]) -> None:
    def lenient(body: dict[str, Any]) -> dict[str, Any]:
        return body | {"events": change(body["events"])} if isinstance(body.get("events"), list) else body

    request_body(WebhookCreate, lenient)(wacrm)


_EVENTS = [event.value for event in Event]

ROWS = (
    Fault("HOOK-01", "webhook-list-shows-secrets", _show_secret(Operation.LIST_WEBHOOKS),
          "the list selects all columns"),
    Fault("HOOK-01", "patched-webhook-shows-its-secret", _show_secret(Operation.UPDATE_WEBHOOK),
          "the answer to a change is the row as it was returned by the UPDATE"),
    Fault("HOOK-01", "read-webhook-shows-its-secret", _show_secret(Operation.READ_WEBHOOK),
          "the single read is a copy of the creation's presenter"),
    Fault("HOOK-02", "no-events-are-all-events", _events(lambda events: events or _EVENTS),
          "an empty list of events subscribes to all events"),
    Fault("HOOK-02", "unknown-events-are-filtered-out", _events(lambda events: [e for e in events if e in _EVENTS] or _EVENTS),
          "unknown events are filtered out, as long as one remains"),
    Fault("HOOK-03", "endpoint-that-is-off-is-not-listed",
          sql("endpoints.page", "ORDER BY", "AND is_active = 1 ORDER BY"),
          "the list leaves inactive endpoints out"),
    Fault("HOOK-03", "last-delivery-stays-the-first",
          sql("endpoints.success", "last_delivery_at = :now", "last_delivery_at = COALESCE(last_delivery_at, :now)"),
          "last_delivery_at is set once and not updated"),
    Fault("HOOK-03", "last-delivery-is-never-noted",
          sql("endpoints.success", "last_delivery_at = :now", "last_delivery_at = last_delivery_at"),
          "last_delivery_at is never set"),
    Fault("HOOK-03", "patch-sets-the-failure-count", assign("failure_count"),
          "the body of a change is spread into the UPDATE, whatever it holds"),
)  # fmt: skip


@fault("HOOK-01", "deliveries carry the secret in a header")
def delivery_shows_the_secret(wacrm: Wacrm) -> None:
    headers = wacrm.dispatcher.headers

    def shown(endpoint: Row, delivery: Delivery) -> dict[str, str]:
        return headers(endpoint, delivery) | {"X-Wacrm-Secret": endpoint["secret"]}

    wrap(wacrm.dispatcher, "headers", shown)


@fault("HOOK-02", "https is asked for on creation, and not on change")
def patch_accepts_http(wacrm: Wacrm) -> None:
    changing, check = under_way(wacrm.endpoints, "update"), wacrm.targets.check

    def lenient(text: str) -> str:
        return text if changing() and text.lower().startswith("http://") else check(text)

    wrap(wacrm.targets, "check", lenient)


@fault("HOOK-03", "a new URL is answered, and not stored")
def patched_url_is_not_stored(wacrm: Wacrm) -> None:
    update = wacrm.endpoints.update

    def answered_only(account: str, text: str, body: WebhookPatch) -> Json:
        row = wacrm.endpoints.require(account, text)
        shown = update(account, text, body)
        sql = "UPDATE webhook_endpoints SET url = :url WHERE id = :id"
        wacrm.db.run(sql, {"url": row["url"], "id": row["id"]})
        return shown

    wrap(wacrm.endpoints, "update", answered_only)


@fault("HOOK-03", "a change of events adds to them")
def patched_events_are_added(wacrm: Wacrm) -> None:
    changed = wacrm.endpoints.changed

    def added(row: Row, body: WebhookPatch) -> dict[str, object]:
        events = [Event(event) for event in json.loads(row["events"])]
        return changed(row, body.model_copy(update={"events": [*events, *body.events]}))

    wrap(wacrm.endpoints, "changed", added)


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

    wrap(wacrm.endpoints, "delete", archived)
    wrap(wacrm.endpoints, "page", listed)
