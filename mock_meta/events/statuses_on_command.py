"""Statuses that the control announces: what the mock's own would say, and what the caller says instead (fact sheet 16.1)."""

from typing import Any

from mock_meta.business.accounts import Account, PhoneNumber, Template, TemplateCategory
from mock_meta.ledger.entries import RequestEntry, WebhookEntry, parsed_body
from mock_meta.ledger.store import Query
from mock_meta.mock import Mock
from mock_meta.protocol.errors import webhook_error
from mock_meta.protocol.numbers import digits_of, whatsapp_id
from mock_meta.protocol.strict_json import decoded
from mock_meta.simulation.behaviour import Status, Step
from mock_meta.simulation.conversations import Sent
from mock_meta.webhooks.payloads import Payload, group_items, status_item

_PRICED = frozenset({Status.DELIVERED.value, Status.READ.value})


def completed(mock: Mock, account: Account, phone: PhoneNumber, given: Payload) -> list[Payload]:
    """The statuses to send for one that is given: several for a message to a group.

    Members that are null are left out. Of a message that nobody knows, and for a status that Meta does not have, what is
    given is all there is, and the time.
    """
    now = mock.clock()
    whole: list[Payload] = [{"timestamp": str(int(now))}]
    sent = _sent(mock, account, phone, given)
    if sent is not None and given.get("status") in set(Status):
        item = status_item(account, sent, Step(Status(given["status"]), 0.0), now)
        group = phone.groups.get(sent.wa_id)
        whole = [item] if group is None else group_items(account, group, item)
    return [{name: value for name, value in (one | _in_full(given)).items() if value is not None} for one in whole]


def _in_full(given: Payload) -> Payload:
    """An error may be its code alone."""
    errors = given.get("errors")
    if not isinstance(errors, list):
        return given
    return {**given, "errors": [_error(one) for one in errors]}


def _error(one: Any) -> Any:  # noqa: ANN401  # JSON
    if not isinstance(one, dict) or not isinstance(one.get("code"), int):
        return one
    return {**webhook_error(one["code"], title=one.get("title")), **one}


def _sent(mock: Mock, account: Account, phone: PhoneNumber, given: Payload) -> Sent | None:
    """The message that the status is about, as far as it is on record or the status names its recipient."""
    wamid = str(given.get("id"))
    entry = mock.ledger.message(wamid)
    to = entry.to if entry is not None else given.get("recipient_id")
    if not isinstance(to, str):
        return None
    body = parsed_body(entry.raw) if entry is not None else None
    body = body if isinstance(body, dict) else {}
    template = _template(account, body)
    person = whatsapp_id(digits_of(to) or to)
    in_window = mock.conversations.window_open((phone.id, person), mock.clock(), mock.limits.settings.window.seconds)
    utility = template is not None and template.category is TemplateCategory.UTILITY
    return Sent(
        wamid=wamid,
        waba_id=account.waba_id,
        phone_number_id=phone.id,
        to=to,
        wa_id=person,
        type=_type(entry),
        at=mock.clock() if entry is None else entry.at,
        nth=0,
        origin=template.category.value.lower() if template else "service",
        free=template is None or (utility and in_window),
        opaque=body.get("biz_opaque_callback_data"),
        priced=_is_priced(mock, wamid),
    )


def _type(entry: RequestEntry | None) -> str:
    return entry.type or "text" if entry is not None else "text"


def _template(account: Account, body: Payload) -> Template | None:
    asked = decoded(body.get("template"))
    language = decoded(asked.get("language")) if isinstance(asked, dict) else None
    if not isinstance(asked, dict) or not isinstance(language, dict):
        return None
    return account.template(str(asked.get("name")), str(language.get("code")))


def _is_priced(mock: Mock, wamid: str) -> bool:
    """Whether delivered or read was told before, which carries the price once."""
    entries = mock.ledger.find(Query(wamid=wamid, kind="webhook"))
    told = (status for one in entries if isinstance(one, WebhookEntry) for status in one.subjects.statuses)
    return any(about == wamid and name in _PRICED for about, name in told)
