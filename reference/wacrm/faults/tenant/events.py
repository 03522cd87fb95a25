"""TENANT-06: events go to the endpoints of their own account."""

from reference.wacrm.assembly import Wacrm
from reference.wacrm.faults.registry import Fault
from reference.wacrm.patching.patches import patch
from reference.wacrm.patching.steps import wrap
from reference.wacrm.protocol.bodies import Event
from reference.wacrm.protocol.envelope import Json


@patch
def _to_every_account(wacrm: Wacrm, event: Event) -> None:
    publish = wacrm.dispatcher.publish

    def published(account: str, published_event: Event, data: Json) -> None:
        publish(account, published_event, data)
        if published_event is event:
            for other in wacrm.settings.accounts:
                if other.id != account:
                    publish(other.id, published_event, data)

    wrap(wacrm.dispatcher, "publish", published)


ROWS = (
    Fault("TENANT-06", "received-messages-go-to-every-account", _to_every_account(Event.MESSAGE_RECEIVED),
          "the endpoints of an event are cached by its name, for all accounts together"),
    Fault("TENANT-06", "status-updates-go-to-every-account", _to_every_account(Event.STATUS_UPDATED),
          "the status hook was written when there was one account"),
    Fault("TENANT-06", "new-conversations-go-to-every-account", _to_every_account(Event.CONVERSATION_CREATED),
          "the queue of new conversations is shared, and so are its subscribers"),
)  # fmt: skip
