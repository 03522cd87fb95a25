"""META-05, META-06, META-07: batches, malformed items, unknown ids and numbers."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace

from reference.wacrm.assembly import Wacrm
from reference.wacrm.faults.registry import Fault, fault
from reference.wacrm.inbound.meta_webhook import Change, Post, Take
from reference.wacrm.patching.patches import patch
from reference.wacrm.patching.steps import wrap


@patch
def _cut(wacrm: Wacrm, cut: Callable[[Change], Change]) -> None:
    process = wacrm.meta_webhook.process_change

    async def shortened(change: Change) -> None:
        await process(cut(change))

    wrap(wacrm.meta_webhook, "process_change", shortened)


@patch
def _unguarded(wacrm: Wacrm, member: str) -> None:
    """A malformed item of one kind ends the processing of its change."""
    process, guarded = wacrm.meta_webhook.process_change, wacrm.meta_webhook.guarded
    broken: list[Take] = []

    def ending(take: Take, change: Change, item: object) -> None:
        if take in broken:
            return
        wanted = {"messages": wacrm.meta_webhook.take_message, "statuses": wacrm.meta_webhook.take_status}[member]
        if take == wanted and not _well_formed(item):
            broken.append(take)
            return
        guarded(take, change, item)

    async def anew(change: Change) -> None:
        broken.clear()
        await process(change)

    wrap(wacrm.meta_webhook, "guarded", ending)
    wrap(wacrm.meta_webhook, "process_change", anew)


def _well_formed(item: object) -> bool:
    if not isinstance(item, dict) or not isinstance(item.get("id"), str):
        return False
    if "status" in item or "recipient_id" in item:
        return isinstance(item.get("status"), str)
    kind = item.get("type")
    is_text = kind != "text" or isinstance(item.get("text"), dict)
    return isinstance(kind, str) and isinstance(item.get("from"), str) and is_text


def _known(wacrm: Wacrm, account: str, wamid: str) -> bool:
    message = wacrm.messages.find_wamid(account, wamid)
    return message is not None or wacrm.broadcasts.find_wamid(account, wamid) is not None


ROWS = (
    Fault("META-05", "only-the-first-message-is-processed", _cut(lambda change: replace(change, messages=change.messages[:1])),
          "messages[0] is read, as in the examples"),
    Fault("META-05", "only-fifty-statuses-are-processed", _cut(lambda change: replace(change, statuses=change.statuses[:50])),
          "no more than 50 statuses fit into one statement"),
    Fault("META-05", "messages-beside-statuses-are-skipped",
          _cut(lambda change: replace(change, messages=[] if change.statuses else change.messages)),
          "a change has statuses or messages, and never both"),
    Fault("META-06", "malformed-message-loses-the-rest", _unguarded("messages"),
          "one try around the loop over messages"),
    Fault("META-06", "malformed-status-loses-the-rest", _unguarded("statuses"),
          "one try around the loop over statuses"),
)  # fmt: skip


@fault("META-05", "entry[0] is read, as in the examples")
def only_the_first_entry_is_processed(wacrm: Wacrm) -> None:
    changes = wacrm.meta_webhook.changes

    def first(post: Post) -> Iterator[Change]:
        entries = post.payload.get("entry") if isinstance(post.payload, dict) else None
        return changes(replace(post, payload={"entry": entries[:1]}) if isinstance(entries, list) else post)

    wrap(wacrm.meta_webhook, "changes", first)


@fault("META-05", "the profile name of the first contact is used for all", _cut)
def all_customers_get_the_first_name(change: Change) -> Change:
    return replace(change, names=dict.fromkeys(change.names, next(iter(change.names.values()), "")))


@fault("META-06", "a contact without a profile loses the messages beside it")
def contact_without_profile_loses_the_messages(wacrm: Wacrm) -> None:
    changes = wacrm.meta_webhook.changes

    def trusting(post: Post) -> Iterator[Change]:
        for change in changes(post):
            if change.messages and '"contacts": [{"wa_id": "' in json.dumps(post.payload) and not change.names:
                return
            yield change

    wrap(wacrm.meta_webhook, "changes", trusting)


@fault("META-06", "a timestamp that is no number ends the loop")
def strange_timestamp_loses_the_rest(wacrm: Wacrm) -> None:
    def shortened(items: list[object]) -> list[object]:
        stamps = [
            str(item.get("timestamp")) if isinstance(item, dict) and "timestamp" in item else "0" for item in items
        ]
        return items[: next((i for i, stamp in enumerate(stamps) if not stamp.isdecimal()), len(items))]

    _cut(lambda change: replace(change, messages=shortened(change.messages), statuses=shortened(change.statuses)))(
        wacrm
    )


@fault("META-07", "a number that no account has is refused, and Meta sends it again for a week")
def unknown_number_is_refused(wacrm: Wacrm) -> None:
    parse = wacrm.meta_webhook.parse

    def known_only(raw: bytes) -> object:
        payload = parse(raw)
        if (
            isinstance(payload, dict)
            and payload.get("entry")
            and not list(wacrm.meta_webhook.changes(Post(payload, "")))
        ):
            raise ValueError("unknown phone number")
        return payload

    wrap(wacrm.meta_webhook, "parse", known_only)


@fault("META-07", "a message to a number that no account has goes to the first account")
def unknown_number_goes_to_the_first_account(wacrm: Wacrm) -> None:
    find, first = wacrm.keys.account_of_number, wacrm.settings.accounts[0].id

    def found(phone_number_id: str) -> str | None:
        return find(phone_number_id) or first

    wrap(wacrm.keys, "account_of_number", found)


@fault("META-07", "messages are looked up by pattern")
def percent_sign_matches_every_message(wacrm: Wacrm) -> None:
    apply = wacrm.messages.apply_status
    sql = "UPDATE messages SET status = :status WHERE account_id = :account AND direction = 'outbound' AND wamid LIKE :wamid"

    def matched(account: str, wamid: str, status: str) -> bool:
        if "%" in wamid:
            wacrm.db.run(sql, {"status": status, "account": account, "wamid": wamid})
        return apply(account, wamid, status)

    wrap(wacrm.messages, "apply_status", matched)


@fault("META-07", "a status without a message is refused, and Meta sends it again for a week")
def unknown_status_is_refused(wacrm: Wacrm) -> None:
    parse = wacrm.meta_webhook.parse

    def known_only(raw: bytes) -> object:
        payload = parse(raw)
        for change in wacrm.meta_webhook.changes(Post(payload, "")):
            for status in change.statuses:
                wamid = status.get("id") if isinstance(status, dict) else None
                if isinstance(wamid, str) and not _known(wacrm, change.account, wamid):
                    raise ValueError("unknown message")
        return payload

    wrap(wacrm.meta_webhook, "parse", known_only)
