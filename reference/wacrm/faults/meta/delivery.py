"""META-03, META-04: acknowledgement and redelivery."""

import asyncio
import json
from collections import OrderedDict
from collections.abc import Callable

from reference.wacrm.assembly import Wacrm
from reference.wacrm.faults.registry import Fault, fault
from reference.wacrm.patching.patches import patch
from reference.wacrm.patching.steps import drop_index, replace_step, wrap
from reference.wacrm.protocol.envelope import Json

_TOO_LONG = 6.0


@patch
def _accept(wacrm: Wacrm, slow: Callable[[object], bool]) -> None:
    accept = wacrm.meta_webhook.accept

    async def delayed(payload: object, media_root: str) -> None:
        await accept(payload, media_root)
        if slow(payload):
            await asyncio.sleep(_TOO_LONG)

    wrap(wacrm.meta_webhook, "accept", delayed)


_REMEMBERED = 50


ROWS = (
    Fault("META-03", "webhooks-with-media-wait-for-it", _accept(lambda payload: '"mime_type"' in json.dumps(payload)),
          "a webhook with media is acknowledged after the media is looked up"),
)  # fmt: skip


@fault("META-03", "during a broadcast all connections to the database are taken, and webhooks wait for one")
def webhooks_wait_during_a_broadcast(wacrm: Wacrm) -> None:
    sql = "SELECT 1 FROM broadcasts WHERE status = 'sending'"
    _accept(lambda _payload: wacrm.db.row(sql, {}) is not None)(wacrm)


@fault("META-04", "redeliveries are recognised from a cache of the last fifty ids")
def only_the_last_fifty_messages_are_known(wacrm: Wacrm) -> None:
    drop_index(wacrm, "messages_by_wamid")
    cache: OrderedDict[tuple[str, str], None] = OrderedDict()

    def seen(account: str, wamid: str) -> bool:
        known = (account, wamid) in cache
        cache[account, wamid] = None
        while len(cache) > _REMEMBERED:
            cache.popitem(last=False)
        return known

    replace_step(wacrm.inbound, "seen", seen)


@fault("META-04", "redeliveries are not recognised: each one is a new row")
def redelivered_message_is_stored_again(wacrm: Wacrm) -> None:
    drop_index(wacrm, "messages_by_wamid")

    def never(_account: str, _wamid: str) -> bool:
        return False

    replace_step(wacrm.inbound, "seen", never)


@fault("META-04", "the message is stored once, and counted whenever it comes")
def redelivered_message_is_counted_again(wacrm: Wacrm) -> None:
    seen = wacrm.inbound.seen
    sql = """UPDATE conversations SET unread_count = unread_count + 1 WHERE id =
        (SELECT conversation_id FROM messages WHERE account_id = :account AND wamid = :wamid)"""

    def counted(account: str, wamid: str) -> bool:
        known = seen(account, wamid)
        if known:
            wacrm.db.run(sql, {"account": account, "wamid": wamid})
        return known

    wrap(wacrm.inbound, "seen", counted)


@fault("META-04", "only the newest message of the account is compared")
def older_message_is_stored_again(wacrm: Wacrm) -> None:
    drop_index(wacrm, "messages_by_wamid")
    newest: dict[str, str] = {}

    def seen(account: str, wamid: str) -> bool:
        is_newest = newest.get(account) == wamid
        newest[account] = wamid
        return is_newest

    replace_step(wacrm.inbound, "seen", seen)


@fault("META-04", "a redelivery is recognised by sender, text and timestamp instead of by the wamid")
def equal_words_are_taken_for_a_redelivery(wacrm: Wacrm) -> None:
    receive = wacrm.inbound.receive
    known: set[tuple[str, str, str, str]] = set()

    def compared(account: str, item: Json, names: dict[str, str], media_root: str) -> None:
        said = item.get("text") if item.get("type") == "text" else None
        key = (account, str(item.get("from")), str(said), str(item.get("timestamp")))
        if said is None or key not in known:
            receive(account, item, names, media_root)
        known.add(key)

    wrap(wacrm.inbound, "receive", compared)
