"""META: the side that faces Meta."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace

from starlette.datastructures import QueryParams

from reference.wacrm.assembly import Wacrm
from reference.wacrm.faults.registry import fault
from reference.wacrm.faults.steps import patch
from reference.wacrm.inbound.meta_webhook import Change, Post, Take
from reference.wacrm.protocol.envelope import Json
from reference.wacrm.settings import WhatsApp


@fault("META-01", "the mode is checked, and the token is not")
def handshake_accepts_any_token(wacrm: Wacrm) -> None:
    handshake = wacrm.inbox.handshake

    def trusting(query: QueryParams) -> tuple[int, str]:
        status, text = handshake(query)
        return (200, query["hub.challenge"]) if status == 403 else (status, text)  # noqa: PLR2004 - a status

    patch(wacrm.inbox, "handshake", trusting)


@fault("META-01", "the challenge is echoed as JSON")
def handshake_quotes_the_challenge(wacrm: Wacrm) -> None:
    handshake = wacrm.inbox.handshake

    def quoted(query: QueryParams) -> tuple[int, str]:
        status, text = handshake(query)
        return status, json.dumps(text) if status == 200 else text  # noqa: PLR2004 - a status

    patch(wacrm.inbox, "handshake", quoted)


@fault("META-01", "a token that is missing equals one that was never set")
def handshake_accepts_a_missing_token(wacrm: Wacrm) -> None:
    handshake = wacrm.inbox.handshake

    def trusting(query: QueryParams) -> tuple[int, str]:
        challenge = query.get("hub.challenge")
        if not query.get("hub.verify_token") and challenge is not None:
            return 200, challenge
        return handshake(query)

    patch(wacrm.inbox, "handshake", trusting)


@fault("META-01", "a token is compared as far as it goes")
def handshake_accepts_the_beginning_of_the_token(wacrm: Wacrm) -> None:
    same = wacrm.inbox.same

    def begun(given: str, expected: str) -> bool:
        return same(given, expected) or (expected == wacrm.settings.verify_token and expected.startswith(given))

    patch(wacrm.inbox, "same", begun)


@fault("META-01", "whoever knows the token is answered, whatever the mode")
def handshake_ignores_the_mode(wacrm: Wacrm) -> None:
    handshake = wacrm.inbox.handshake

    def indifferent(query: QueryParams) -> tuple[int, str]:
        return handshake(QueryParams({**query, "hub.mode": "subscribe"}))

    patch(wacrm.inbox, "handshake", indifferent)


@fault("META-01", "a challenge that is missing is echoed as what the language calls nothing")
def handshake_echoes_a_missing_challenge(wacrm: Wacrm) -> None:
    handshake = wacrm.inbox.handshake

    def lenient(query: QueryParams) -> tuple[int, str]:
        return handshake(QueryParams({"hub.challenge": "undefined", **query}))

    patch(wacrm.inbox, "handshake", lenient)


def _signed(wacrm: Wacrm, accept: Callable[[bytes, str | None, bool], bool]) -> None:
    signed = wacrm.inbox.signed

    def judged(raw: bytes, header: str | None) -> bool:
        return accept(raw, header, signed(raw, header))

    patch(wacrm.inbox, "signed", judged)


@fault("META-02", "a signature is checked if there is one")
def missing_signature_is_accepted(wacrm: Wacrm) -> None:
    _signed(wacrm, lambda _raw, header, valid: valid or header is None)


@fault("META-02", "the signature is checked over the body as it is written again, without Meta's escapes")
def signature_is_checked_over_reserialised_json(wacrm: Wacrm) -> None:
    secret = wacrm.settings.app_secret.encode()

    def rewritten(raw: bytes, header: str | None, valid: bool) -> bool:  # noqa: FBT001 - a judgement that was made
        with suppress(ValueError):
            raw = json.dumps(json.loads(raw), ensure_ascii=False, separators=(",", ":")).encode()
            return header == f"sha256={hmac.new(secret, raw, hashlib.sha256).hexdigest()}"
        return valid

    _signed(wacrm, rewritten)


@fault("META-02", "the comparison ends where the shorter one ends, and an empty digest matches everything")
def truncated_signature_is_accepted(wacrm: Wacrm) -> None:
    def prefixed(raw: bytes, header: str | None, valid: bool) -> bool:  # noqa: FBT001 - a judgement that was made
        expected = hmac.new(wacrm.settings.app_secret.encode(), raw, hashlib.sha256).hexdigest()
        return valid or (header is not None and f"sha256={expected}".startswith(header))

    _signed(wacrm, prefixed)


@fault("META-02", "a wrong signature is refused after the work was queued")
def refused_webhook_is_processed(wacrm: Wacrm) -> None:
    def queued(raw: bytes, header: str | None, valid: bool) -> bool:  # noqa: FBT001 - a judgement that was made
        if not valid and header is not None:
            with suppress(ValueError):
                wacrm.inbox.queue(Post(json.loads(raw), ""))
        return valid

    _signed(wacrm, queued)


@fault("META-02", "statuses are believed unsigned, as they only change a word")
def unsigned_statuses_are_accepted(wacrm: Wacrm) -> None:
    _signed(wacrm, lambda raw, _header, valid: valid or b'"statuses":' in raw)


@fault("META-02", "the older signature is as good")
def sha1_signature_is_accepted(wacrm: Wacrm) -> None:
    def either(raw: bytes, header: str | None, valid: bool) -> bool:  # noqa: FBT001 - a judgement that was made
        older = hmac.new(wacrm.settings.app_secret.encode(), raw, hashlib.sha1).hexdigest()
        return valid or header == f"sha1={older}"

    _signed(wacrm, either)


_TOO_LONG = 6.0


def _accept(wacrm: Wacrm, slow: Callable[[object], bool]) -> None:
    accept = wacrm.inbox.accept

    async def delayed(payload: object, media_root: str) -> None:
        await accept(payload, media_root)
        if slow(payload):
            await asyncio.sleep(_TOO_LONG)

    patch(wacrm.inbox, "accept", delayed)


@fault("META-03", "during a broadcast all connections to the database are taken, and webhooks wait for one")
def webhooks_wait_during_a_broadcast(wacrm: Wacrm) -> None:
    sql = "SELECT 1 FROM broadcasts WHERE status = 'sending'"
    _accept(wacrm, lambda _payload: wacrm.db.row(sql, {}) is not None)


@fault("META-03", "a webhook with media is acknowledged after the media is looked up")
def webhooks_with_media_wait_for_it(wacrm: Wacrm) -> None:
    _accept(wacrm, lambda payload: '"mime_type"' in json.dumps(payload))


@fault("META-04", "a message is known by its row, and the row is new each time")
def redelivered_message_is_stored_again(wacrm: Wacrm) -> None:
    wacrm.db.run("DROP INDEX messages_by_wamid", {})

    def never(_account: str, _wamid: str) -> bool:
        return False

    patch(wacrm.inbound, "seen", never)


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

    patch(wacrm.inbound, "seen", counted)


@fault("META-04", "only the newest message of the account is compared")
def older_message_is_stored_again(wacrm: Wacrm) -> None:
    wacrm.db.run("DROP INDEX messages_by_wamid", {})
    newest: dict[str, str] = {}

    def seen(account: str, wamid: str) -> bool:
        is_newest = newest.get(account) == wamid
        newest[account] = wamid
        return is_newest

    patch(wacrm.inbound, "seen", seen)


@fault("META-04", "a message is known by its sender, words and second")
def equal_words_are_taken_for_a_redelivery(wacrm: Wacrm) -> None:
    receive = wacrm.inbound.receive
    known: set[tuple[str, str, str, str]] = set()

    def compared(account: str, item: Json, names: dict[str, str], media_root: str) -> None:
        said = item.get("text") if item.get("type") == "text" else None
        key = (account, str(item.get("from")), str(said), str(item.get("timestamp")))
        if said is None or key not in known:
            receive(account, item, names, media_root)
        known.add(key)

    patch(wacrm.inbound, "receive", compared)


def _cut(wacrm: Wacrm, cut: Callable[[Change], Change]) -> None:
    process = wacrm.inbox.process_change

    async def shortened(change: Change) -> None:
        await process(cut(change))

    patch(wacrm.inbox, "process_change", shortened)


@fault("META-05", "messages[0] is read, as in the examples")
def only_the_first_message_is_processed(wacrm: Wacrm) -> None:
    _cut(wacrm, lambda change: replace(change, messages=change.messages[:1]))


@fault("META-05", "no more than 50 statuses fit into one statement")
def only_fifty_statuses_are_processed(wacrm: Wacrm) -> None:
    _cut(wacrm, lambda change: replace(change, statuses=change.statuses[:50]))


@fault("META-05", "a change has statuses or messages, and never both")
def messages_beside_statuses_are_skipped(wacrm: Wacrm) -> None:
    _cut(wacrm, lambda change: replace(change, messages=[] if change.statuses else change.messages))


@fault("META-05", "entry[0] is read, as in the examples")
def only_the_first_entry_is_processed(wacrm: Wacrm) -> None:
    changes = wacrm.inbox.changes

    def first(post: Post) -> Iterator[Change]:
        entries = post.payload.get("entry") if isinstance(post.payload, dict) else None
        return changes(replace(post, payload={"entry": entries[:1]}) if isinstance(entries, list) else post)

    patch(wacrm.inbox, "changes", first)


@fault("META-05", "the name of the first contact is everybody's")
def all_customers_get_the_first_name(wacrm: Wacrm) -> None:
    def renamed(change: Change) -> Change:
        return replace(change, names=dict.fromkeys(change.names, next(iter(change.names.values()), "")))

    _cut(wacrm, renamed)


def _unguarded(wacrm: Wacrm, member: str) -> None:
    """A malformed item of one kind ends the processing of its change."""
    process, guarded = wacrm.inbox.process_change, wacrm.inbox.guarded
    broken: list[Take] = []

    def ending(take: Take, change: Change, item: object) -> None:
        if take in broken:
            return
        wanted = {"messages": wacrm.inbox.take_message, "statuses": wacrm.inbox.take_status}[member]
        if take == wanted and not _well_formed(item):
            broken.append(take)
            return
        guarded(take, change, item)

    async def anew(change: Change) -> None:
        broken.clear()
        await process(change)

    patch(wacrm.inbox, "guarded", ending)
    patch(wacrm.inbox, "process_change", anew)


def _well_formed(item: object) -> bool:
    if not isinstance(item, dict) or not isinstance(item.get("id"), str):
        return False
    if "status" in item or "recipient_id" in item:
        return isinstance(item.get("status"), str)
    kind = item.get("type")
    is_text = kind != "text" or isinstance(item.get("text"), dict)
    return isinstance(kind, str) and isinstance(item.get("from"), str) and is_text


@fault("META-06", "one try around the loop over messages")
def malformed_message_loses_the_rest(wacrm: Wacrm) -> None:
    _unguarded(wacrm, "messages")


@fault("META-06", "one try around the loop over statuses")
def malformed_status_loses_the_rest(wacrm: Wacrm) -> None:
    _unguarded(wacrm, "statuses")


@fault("META-06", "a contact without a profile loses the messages beside it")
def contact_without_profile_loses_the_messages(wacrm: Wacrm) -> None:
    changes = wacrm.inbox.changes

    def trusting(post: Post) -> Iterator[Change]:
        for change in changes(post):
            if change.messages and '"contacts": [{"wa_id": "' in json.dumps(post.payload) and not change.names:
                return
            yield change

    patch(wacrm.inbox, "changes", trusting)


@fault("META-06", "a timestamp that is no number ends the loop")
def strange_timestamp_loses_the_rest(wacrm: Wacrm) -> None:
    def shortened(items: list[object]) -> list[object]:
        stamps = [
            str(item.get("timestamp")) if isinstance(item, dict) and "timestamp" in item else "0" for item in items
        ]
        return items[: next((i for i, stamp in enumerate(stamps) if not stamp.isdecimal()), len(items))]

    _cut(
        wacrm, lambda change: replace(change, messages=shortened(change.messages), statuses=shortened(change.statuses))
    )


@fault("META-07", "a number that no account has is refused, and Meta sends it again for a week")
def unknown_number_is_refused(wacrm: Wacrm) -> None:
    parse = wacrm.inbox.parse

    def known_only(raw: bytes) -> object:
        payload = parse(raw)
        if isinstance(payload, dict) and payload.get("entry") and not list(wacrm.inbox.changes(Post(payload, ""))):
            raise ValueError("unknown phone number")
        return payload

    patch(wacrm.inbox, "parse", known_only)


@fault("META-07", "a message to a number that no account has goes to the first account")
def unknown_number_goes_to_the_first_account(wacrm: Wacrm) -> None:
    find, first = wacrm.keys.account_of_number, wacrm.settings.accounts[0].id

    def found(phone_number_id: str) -> str | None:
        return find(phone_number_id) or first

    patch(wacrm.keys, "account_of_number", found)


@fault("META-07", "messages are looked up by pattern")
def percent_sign_matches_every_message(wacrm: Wacrm) -> None:
    apply = wacrm.messages.apply_status
    sql = "UPDATE messages SET status = :status WHERE account_id = :account AND direction = 'outbound' AND wamid LIKE :wamid"

    def matched(account: str, wamid: str, status: str) -> bool:
        if "%" in wamid:
            wacrm.db.run(sql, {"status": status, "account": account, "wamid": wamid})
        return apply(account, wamid, status)

    patch(wacrm.messages, "apply_status", matched)


@fault("META-07", "a status without a message is refused, and Meta sends it again for a week")
def unknown_status_is_refused(wacrm: Wacrm) -> None:
    parse = wacrm.inbox.parse

    def known_only(raw: bytes) -> object:
        payload = parse(raw)
        for change in wacrm.inbox.changes(Post(payload, "")):
            for status in change.statuses:
                wamid = status.get("id") if isinstance(status, dict) else None
                if isinstance(wamid, str) and not _known(wacrm, change.account, wamid):
                    raise ValueError("unknown message")
        return payload

    patch(wacrm.inbox, "parse", known_only)


def _known(wacrm: Wacrm, account: str, wamid: str) -> bool:
    message = wacrm.messages.find_wamid(account, wamid)
    return message is not None or wacrm.broadcasts.find_wamid(account, wamid) is not None


@fault("META-08", "the version is one that Meta has switched off")
def calls_go_to_an_older_version(wacrm: Wacrm) -> None:
    endpoint = wacrm.graph.endpoint

    def older(whatsapp: WhatsApp) -> str:
        head, _, tail = endpoint(whatsapp).rpartition("/v")
        return f"{head}/v12.0/{tail.partition('/')[2]}"

    patch(wacrm.graph, "endpoint", older)


def _enveloped(wacrm: Wacrm, change: Callable[[Json], Json]) -> None:
    envelope = wacrm.composer.envelope

    def changed(to: str, kind: str, payload: Json, quoted: str | None = None) -> Json:
        return change(envelope(to, kind, payload, quoted))

    patch(wacrm.composer, "envelope", changed)


@fault("META-08", "the number of a video's recipient is a number in JSON")
def recipient_of_a_video_is_a_number(wacrm: Wacrm) -> None:
    _enveloped(wacrm, lambda body: body | {"to": int(body["to"])} if body["type"] == "video" else body)


@fault("META-08", "a member of one's own travels with documents")
def documents_carry_a_member_that_meta_does_not_know(wacrm: Wacrm) -> None:
    _enveloped(wacrm, lambda body: body | {"origin": "api"} if body["type"] == "document" else body)


@fault("META-08", "the body is sent as plain text")
def calls_are_called_plain_text(wacrm: Wacrm) -> None:
    headers = wacrm.graph.headers

    def plain(whatsapp: WhatsApp) -> dict[str, str]:
        return headers(whatsapp) | {"Content-Type": "text/plain"}

    patch(wacrm.graph, "headers", plain)


@fault("META-08", "the token is put into the query as well, where proxies log it")
def token_is_in_the_query(wacrm: Wacrm) -> None:
    endpoint = wacrm.graph.endpoint

    def with_token(whatsapp: WhatsApp) -> str:
        return f"{endpoint(whatsapp)}?access_token={whatsapp.access_token}"

    patch(wacrm.graph, "endpoint", with_token)
