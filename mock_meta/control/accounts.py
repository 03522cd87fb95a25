"""``/_control/accounts``: WABAs, their numbers and templates."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request

from mock_meta.business.accounts import (
    Account,
    Accounts,
    Group,
    PhoneNumber,
    Template,
)
from mock_meta.business.apps import App
from mock_meta.control.account_bodies import (
    AccountBody,
    AppBody,
    ConfiguredAccount,
    GroupBody,
    PhoneBody,
    TemplateBody,
)
from mock_meta.control.bodies import as_body, body_as, mock_of
from mock_meta.control.errors import ControlError, not_found
from mock_meta.events.callback_verification import verify_callback
from mock_meta.graph.phone_numbers import phone_node
from mock_meta.graph.templates import template_node
from mock_meta.mock import Mock
from mock_meta.protocol.allowed_hosts import refusal

_LISTS = frozenset({"phone_numbers", "templates", "other_apps"})
_CAN_BE_NULL = frozenset({"webhook_url", "webhook_fields"})
_NO_APPS = frozenset({"locked", "user_ids"})

router = APIRouter(prefix="/accounts")


@router.get("")
async def list_accounts(request: Request) -> dict[str, Any]:
    return {"accounts": [shown(account) for account in mock_of(request).accounts]}


@router.put("/{waba_id}")
async def put_account(request: Request, waba_id: str) -> dict[str, Any]:
    body = await body_as(request, AccountBody)
    return shown(upsert(mock_of(request), waba_id, body))


@router.post("/{waba_id}/templates")
async def add_template(request: Request, waba_id: str) -> dict[str, str]:
    mock = mock_of(request)
    account = account_of(mock.accounts, waba_id)
    body = await body_as(request, TemplateBody)
    _check_templates(mock, waba_id, [body])
    return {"id": put_template(mock, account, body).id}


@router.post("/{waba_id}/handshake")
async def handshake(request: Request, waba_id: str) -> dict[str, Any]:
    mock = mock_of(request)
    account = account_of(mock.accounts, waba_id)
    if account.app.callback is None:
        raise ControlError(f"account {waba_id} has no webhook_url")
    return await verify_callback(mock, account.app.callback, account.app.verify_token)


def account_of(accounts: Accounts, waba_id: str) -> Account:
    account = accounts.waba(waba_id)
    if account is None:
        raise not_found("account", waba_id, (one.waba_id for one in accounts))
    return account


def phone_of(accounts: Accounts, phone_number_id: str) -> tuple[Account, PhoneNumber]:
    account = accounts.of_phone(phone_number_id)
    if account is None:
        raise not_found("phone number", phone_number_id, (phone for one in accounts for phone in one.phones))
    return account, account.phones[phone_number_id]


def upsert(mock: Mock, waba_id: str, body: AccountBody) -> Account:
    """Create an account or change it: members that are absent keep what is there, lists replace what is there."""
    if not waba_id.isdecimal():
        raise ControlError(f"waba_id must be decimal digits, not {waba_id!r}")
    if body.waba_id not in (None, waba_id):
        raise ControlError(f"waba_id {body.waba_id!r} is not {waba_id!r}, which the address says")
    old = mock.accounts.waba(waba_id)
    if old is None:
        _require(body)
    account = old or Account(waba_id, App(body.app_id or mock.ids.numeric(15)))
    phones = _phones(mock, waba_id, body)
    _check_templates(mock, waba_id, body.templates or ())
    _check_url(mock, body)
    _change(account, body)
    account.phones = account.phones if phones is None else phones
    if body.other_apps is not None:
        account.other_apps = [_app(one) for one in body.other_apps]
    if body.templates is not None:
        account.templates = {}
        for template in body.templates:
            put_template(mock, account, template)
    mock.accounts.put(account)
    return account


def _change(account: Account, body: AccountBody) -> None:
    """The plain members that the body has; all but a few are the account's own app's."""
    for name in body.model_fields_set - _LISTS - {"waba_id"}:
        value = getattr(body, name)
        if value is not None or name in _CAN_BE_NULL:
            setattr(account if name in _NO_APPS else account.app, "id" if name == "app_id" else name, value)


def _require(body: AccountBody) -> None:
    for name in ("access_token", "app_secret", "phone_numbers"):
        if getattr(body, name) is None:
            raise ControlError(f"a new account needs {name!r}")


def _check_url(mock: Mock, body: AccountBody) -> None:
    for asked in (body, *(body.other_apps or ())):
        reason = refusal(asked.webhook_url, mock.settings.allowed_hosts) if asked.webhook_url is not None else None
        if reason is not None:
            raise ControlError(f"webhook_url: {reason}")


def _app(asked: AppBody) -> App:
    return App(id=asked.app_id, **asked.model_dump(exclude={"app_id"}))


def _phones(mock: Mock, waba_id: str, body: AccountBody) -> dict[str, PhoneNumber] | None:
    if body.phone_numbers is None:
        return None
    for asked in body.phone_numbers:
        owner = mock.accounts.of_phone(asked.id)
        if owner is not None and owner.waba_id != waba_id:
            raise ControlError(f"phone number {asked.id} belongs to account {owner.waba_id}", 409)
    account = mock.accounts.waba(waba_id)
    known = account.phones if account else {}
    return {asked.id: _phone(known.get(asked.id), waba_id, asked, mock.clock()) for asked in body.phone_numbers}


def _check_templates(mock: Mock, waba_id: str, bodies: Iterable[TemplateBody]) -> None:
    for asked in bodies:
        owner = mock.accounts.of_template(asked.id) if asked.id else None
        if owner is not None and owner.waba_id != waba_id:
            raise ControlError(f"template {asked.id} belongs to account {owner.waba_id}", 409)


def _phone(known: PhoneNumber | None, waba_id: str, asked: PhoneBody, now: float) -> PhoneNumber:
    """A known number keeps what the body does not mention, and what is not the body's at all, such as its profile."""
    display, listed = asked.display_phone_number, asked.allowed_recipients
    derived: dict[str, Any] = {
        "allowed_recipients": None if listed is None else frozenset(one.lstrip("+") for one in listed),
        "groups": {one.id: _group(one, now) for one in asked.groups},
    }
    given = {
        name: derived.get(name, getattr(asked, name)) for name in asked.model_fields_set - {"display_phone_number"}
    }
    if "pin" in given:
        given["pin_guesses"] = 0
    digits = "".join(letter for letter in display if letter.isdigit())
    number = known or PhoneNumber(asked.id, waba_id, display, asked.verified_name, digits)
    return replace(number, display=display, digits=digits, **given)


def _group(asked: GroupBody, now: float) -> Group:
    people = tuple(one.lstrip("+") for one in asked.participants)
    return Group(asked.id, asked.subject, people, now, asked.description)


def put_template(mock: Mock, account: Account, asked: TemplateBody) -> Template:
    """Add a template, in place of one with the same name and language, whose id it keeps."""
    old = account.template(asked.name, asked.language)
    template = Template(
        id=asked.id or (old.id if old else mock.ids.numeric(15)),
        name=asked.name,
        language=asked.language,
        category=asked.category,
        status=asked.status,
        components=asked.components,
        parameter_format=asked.parameter_format,
        created_at=mock.clock(),
    )
    if old is not None:
        del account.templates[old.id]
    account.add(template)
    return template


def configure(mock: Mock, document: Any) -> None:  # noqa: ANN401  # JSON comes in
    """The accounts of a --config file: a list, or an object with a list ``accounts``. Raises ControlError."""
    listed = document.get("accounts") if isinstance(document, dict) else document
    if not isinstance(listed, list):
        raise ControlError("expected a list of accounts")
    for index, item in enumerate(listed):
        try:
            asked = as_body(item, ConfiguredAccount)
            upsert(mock, asked.waba_id, asked)
        except ControlError as problem:
            raise ControlError(f"account {index}: {problem.sentence}") from problem


def shown(account: Account) -> dict[str, Any]:
    """The account with its secrets masked."""
    return {
        "waba_id": account.waba_id,
        "name": account.name,
        "access_token": "***",
        "app_id": account.app.id,
        "app_secret": "***",
        "verify_token": "***",
        "webhook_url": account.app.webhook_url,
        "webhook_version": account.app.webhook_version,
        "override_callback_uri": account.app.override_url,
        "token_state": account.app.token_state,
        "locked": account.locked,
        "subscribed": account.app.subscribed,
        "other_apps": [
            {"app_id": app.id, "name": app.name, "webhook_url": app.webhook_url} for app in account.other_apps
        ],
        "user_ids": account.user_ids,
        "webhook_fields": sorted(account.app.webhook_fields) if account.app.webhook_fields is not None else None,
        "phone_numbers": [phone_node(account, phone) for phone in account.phones.values()],
        "templates": [template_node(template) for template in account.templates.values()],
    }
