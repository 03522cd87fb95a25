"""META: what becomes of messages that Meta delivers again, when many others have come in between."""

from collections import OrderedDict

from reference.wacrm.assembly import Wacrm
from reference.wacrm.faults.registry import fault
from reference.wacrm.faults.steps import patch

_REMEMBERED = 50


@fault("META-04", "the ids of the last messages are kept in a cache, and a cache forgets")
def only_the_last_fifty_messages_are_known(wacrm: Wacrm) -> None:
    wacrm.db.run("DROP INDEX messages_by_wamid", {})
    cache: OrderedDict[tuple[str, str], None] = OrderedDict()

    def seen(account: str, wamid: str) -> bool:
        known = (account, wamid) in cache
        cache[account, wamid] = None
        while len(cache) > _REMEMBERED:
            cache.popitem(last=False)
        return known

    patch(wacrm.inbound, "seen", seen)
