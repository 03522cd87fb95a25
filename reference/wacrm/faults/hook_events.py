"""HOOK: events that are forgotten for some kinds of messages, and endpoints that are gone instead of off."""

from reference.wacrm.assembly import Wacrm
from reference.wacrm.faults.registry import fault
from reference.wacrm.faults.steps import patch
from reference.wacrm.protocol.bodies import Event
from reference.wacrm.protocol.envelope import Json


def _untold(wacrm: Wacrm, event: Event, sql: str) -> None:
    """The event of a message for whose wamid the query finds a row is not fired."""
    publish = wacrm.dispatcher.publish

    def told(account: str, fired: Event, data: Json) -> None:
        found = wacrm.db.row(sql, {"wamid": data.get("whatsapp_message_id")}) if fired is event else None
        if found is None:
            publish(account, fired, data)

    patch(wacrm.dispatcher, "publish", told)


@fault("HOOK-07", "statuses of templates are thought to be a broadcast's")
def statuses_of_templates_fire_nothing(wacrm: Wacrm) -> None:
    sql = "SELECT 1 FROM messages WHERE wamid = :wamid AND content_type = 'template'"
    _untold(wacrm, Event.STATUS_UPDATED, sql)


@fault("HOOK-07", "statuses are told of messages with words")
def statuses_of_media_fire_nothing(wacrm: Wacrm) -> None:
    sql = "SELECT 1 FROM messages WHERE wamid = :wamid AND media_url IS NOT NULL"
    _untold(wacrm, Event.STATUS_UPDATED, sql)


@fault("HOOK-07", "replies to buttons and lists are the flow builder's, which has events of its own")
def interactive_replies_fire_nothing(wacrm: Wacrm) -> None:
    sql = "SELECT 1 FROM messages WHERE wamid = :wamid AND content_type = 'interactive' AND direction = 'inbound'"
    _untold(wacrm, Event.MESSAGE_RECEIVED, sql)


@fault("HOOK-10", "an endpoint that fails too often is deleted")
def failing_endpoint_is_deleted(wacrm: Wacrm) -> None:
    note_failure = wacrm.endpoints.note_failure

    def noted(account: str, identity: str) -> None:
        note_failure(account, identity)
        wacrm.db.run(
            "DELETE FROM webhook_endpoints WHERE id = :id AND is_active = 0 AND failure_count > 0", {"id": identity}
        )

    patch(wacrm.endpoints, "note_failure", noted)
