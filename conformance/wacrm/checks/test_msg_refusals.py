"""MSG-04, -07, -15: messages that are refused before Meta is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from conformance.meta.templates import PLAIN
from conformance.target import expect
from conformance.target.expect import requirement
from conformance.target.keys import Role
from conformance.target.numbers import digits
from conformance.wacrm.expectations import envelope
from conformance.wacrm.expectations.contacts import no_contact_of
from conformance.wacrm.steps.outbound_messages import FILES, MEDIA, TYPES, sample, template, text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.target.api import Api
    from conformance.target.exchange import Exchange
    from conformance.wacrm.steps.account import Account
    from conformance.wacrm.steps.outbound_messages import Row


pytestmark = pytest.mark.usefixtures("sends")
MISSING = object()
INVALID_VALUES: tuple[Any, ...] = (MISSING, None, "", 7, True, ["x"], {"x": "y"})
"""Values in place of a required text or object."""


def bodies_without(complete: Row, member: str, values: Sequence[Any] = INVALID_VALUES) -> list[Row]:
    """`complete` with each of the wrong values in place of `member`."""
    rest = {name: value for name, value in complete.items() if name != member}
    return [rest if value is MISSING else {**rest, member: value} for value in values]


def is_refused(account: Account, number: str, body: Row) -> Exchange:
    exchange = account.api.post("/messages", body)
    envelope.error(exchange, (400, "bad_request"))
    attempts = account.mock_meta.sends(to=digits(number))
    expect.equal(len(attempts), 0, "the number of requests to Meta", exchange)
    return exchange


def are_refused_without_effect(account: Account, bodies: Sequence[Row]) -> None:
    """Each body, to its own number: 400, no request to Meta, no contact."""
    for body in bodies:
        number = account.numbers.fresh()
        exchange = is_refused(account, number, {"to": number, **body})
        no_contact_of(account, number, exchange)


@requirement("MSG-04")
@pytest.mark.parametrize("typed", [True, False], ids=["type text", "no type"])
def test_a_text_message_needs_its_text(account: Account, *, typed: bool) -> None:
    complete: Row = {"text": "hello", **({"type": "text"} if typed else {})}
    are_refused_without_effect(account, bodies_without(complete, "text"))


@requirement("MSG-04")
def test_content_of_another_type_does_not_replace_the_text(account: Account) -> None:
    media, model = {"media_url": f"{FILES}/a.png"}, {"template": {"name": PLAIN, "language": "en_US"}}
    are_refused_without_effect(account, [media, model, {"type": "text", **media}, {"type": "text", **model}])


@requirement("MSG-04")
@pytest.mark.parametrize("kind", MEDIA)
def test_a_media_message_needs_its_url(account: Account, kind: str) -> None:
    complete = {"type": kind, "media_url": f"{FILES}/a.bin", "text": "A caption is no medium", "filename": "a.bin"}
    are_refused_without_effect(account, [*bodies_without(complete, "media_url"), {"type": kind}])


@requirement("MSG-04")
def test_a_template_message_needs_its_template(account: Account) -> None:
    complete = {"type": "template", "template": {"name": PLAIN, "language": "en_US"}, "text": "hello"}
    wrong = (*(value for value in INVALID_VALUES if not isinstance(value, dict)), {}, [], PLAIN)
    are_refused_without_effect(account, bodies_without(complete, "template", wrong))


@requirement("MSG-04")
def test_a_template_needs_its_name(account: Account) -> None:
    models = bodies_without({"name": PLAIN, "language": "en_US", "params": []}, "name")
    are_refused_without_effect(account, [{"type": "template", "template": model} for model in models])


@requirement("MSG-04")
@pytest.mark.parametrize("kind", TYPES)
def test_every_type_needs_a_recipient(account: Account, kind: str) -> None:
    """Numbers with more than 15 digits or without digits are not E.164."""
    marker, since = account.marker(), account.mock_meta.mark()
    complete = sample(kind, marker).to("")
    for body in bodies_without(complete, "to", (*INVALID_VALUES, "+", "hello", "+999123456789012345", "+12")):
        exchange = account.api.post("/messages", body)
        envelope.error(exchange, (400, "bad_request"))
        attempts = account.mock_meta.sends(since=since, contains=marker)
        expect.equal(len(attempts), 0, "the number of requests to Meta", exchange)


@pytest.fixture
def unconfigured(api: Api) -> Api:
    return api.as_role(Role.UNCONFIGURED)


@requirement("MSG-07")
@pytest.mark.parametrize("kind", TYPES)
def test_an_account_without_whatsapp_gets_whatsapp_not_configured(
    account: Account, unconfigured: Api, kind: str
) -> None:
    marker, since = account.marker(), account.mock_meta.mark()
    number = account.numbers.fresh()
    for _ in range(2):
        exchange = unconfigured.post("/messages", sample(kind, marker).to(number, name="Ada"))
        envelope.error(exchange, (400, "whatsapp_not_configured"))
    expect.equal(
        len(account.mock_meta.sends(since=since, contains=marker)), 0, "the number of requests to Meta", exchange
    )


@requirement("MSG-07")
def test_a_known_contact_without_whatsapp_gets_whatsapp_not_configured(account: Account, unconfigured: Api) -> None:
    number = account.numbers.fresh()
    contact = unconfigured.post("/contacts", {"phone": number})
    expect.precondition(contact.status in {200, 201}, "the account without WhatsApp cannot have contacts")
    exchange = unconfigured.post("/messages", text("hello").to(number))
    envelope.error(exchange, (400, "whatsapp_not_configured"))
    expect.equal(len(account.mock_meta.sends(to=digits(number))), 0, "the number of requests to Meta", exchange)


META_TYPES = ("sticker", "location", "contacts", "interactive", "reaction", "order", "button", "unsupported")
INVALID_TYPES: tuple[Any, ...] = (
    "TEXT",
    "Image",
    " text",
    "file",
    "voice",
    "texts",
    "text,image",
    "constructor",
    "__proto__",
    "toString",
    "0",
    1,
    True,
    [],
    ["text"],
    {},
)


@requirement("MSG-15")
@pytest.mark.parametrize("kind", [*META_TYPES, *INVALID_TYPES], ids=str)
def test_an_undocumented_type_is_refused(account: Account, kind: Any) -> None:  # noqa: ANN401 - JSON
    """With everything that any type requires, so that only the type is wrong; Meta's other types included."""
    number, marker = account.numbers.fresh(), account.marker()
    body: Row = {"to": number, "type": kind, "text": marker, "media_url": f"{FILES}/{marker}.png",
                 "template": template(PLAIN, "en_US").fields["template"]}  # fmt: skip
    if isinstance(kind, str):
        body[kind] = {
            "body": marker,
            "id": "1",
            "latitude": 45.0,
            "longitude": 9.0,
            "message_id": "wamid.x",
            "emoji": "👍",
        }
    is_refused(account, number, body)
