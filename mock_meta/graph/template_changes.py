"""Creating, editing, deleting and unpausing templates (fact sheet 13.1, 13.3, 13.4)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from mock_meta.business.accounts import Account, Template, TemplateCategory, TemplateStatus
from mock_meta.events.template_reviews import publish_deletion, submit, unpause
from mock_meta.graph.routes import NodeKind, ResolvedCall, Route
from mock_meta.graph.templates import MOST_TEMPLATES
from mock_meta.mock import Mock
from mock_meta.protocol.answer import Answer, ok, success
from mock_meta.protocol.errors import GraphError, invalid, management, unknown_object
from mock_meta.rules.languages import LANGUAGES
from mock_meta.rules.template_create import (
    UNSAMPLED,
    Draft,
    HandleKnown,
    read_category,
    read_components,
    read_draft,
    read_ttl,
)
from mock_meta.rules.value_checks import required

_DAY = 86400.0
_NAME_LOCK, _BRIEF_LOCK = 30 * _DAY, 60.0
_SAMPLES: Mapping[str, str] = MappingProxyType(
    {"IMAGE": "image/", "VIDEO": "video/", "GIF": "video/", "DOCUMENT": "application/pdf"}
)
_EDITABLE = frozenset({TemplateStatus.APPROVED, TemplateStatus.REJECTED, TemplateStatus.PAUSED})
_EDITS = frozenset({"components", "category", "message_send_ttl_seconds"})
_EDITS_PER_DAY, _EDITS_PER_MONTH = 1, 10


def create(mock: Mock, call: ResolvedCall) -> Answer:
    """A well-formed template goes into review; its name must be free."""
    account = call.account
    draft = read_draft(call.params, _handles_of(mock, call))
    _check_free(mock, account, draft)
    mock.limits.check_creation(account, mock.clock())
    template = Template(
        id=mock.ids.numeric(15),
        name=draft.name,
        language=draft.language,
        category=draft.category,
        status=TemplateStatus.PENDING,
        components=[_hosted(mock, one) for one in draft.components],
        parameter_format=draft.parameter_format,
        ttl=draft.ttl,
        created_at=mock.clock(),
    )
    account.add(template)
    submit(mock, account, template)
    return ok({"id": template.id, "status": template.status.value, "category": template.category.value})


def _handles_of(mock: Mock, call: ResolvedCall) -> HandleKnown:
    app_id = call.app.id

    def known(text: str, header_format: str) -> bool:
        handle = mock.uploads.handle(text, mock.clock())
        return handle is not None and handle.app_id == app_id and handle.file_type.startswith(_SAMPLES[header_format])

    return known


def _hosted(mock: Mock, component: dict[str, Any]) -> dict[str, Any]:
    """A sample comes back as a CDN address, not as the handle it was sent as (13.2)."""
    if component["type"] == "CAROUSEL":
        cards = [
            {**card, "components": [_hosted(mock, one) for one in card["components"]]} for card in component["cards"]
        ]
        return {**component, "cards": cards}
    if component["type"] != "HEADER" or component.get("format") in UNSAMPLED:
        return component
    url = f"https://scontent.whatsapp.net/v/t61.29466-34/{mock.ids.numeric(15)}_n.png?ccb=1-7&oh={mock.ids.token(12)}"
    return {**component, "example": {"header_handle": [url]}}


def _check_free(mock: Mock, account: Account, draft: Draft) -> None:
    language = LANGUAGES[draft.language]
    if len(account.templates) >= MOST_TEMPLATES:
        raise management(
            2388019, "Message template limit exceeded", f"An account has at most {MOST_TEMPLATES} templates."
        )
    if account.template(draft.name, draft.language) is not None:
        text = f"There is already {language} content for this template. You can create a new template and try again."
        raise management(2388024, "Content in this language already exists", text)
    locked = account.deleted_names.get((draft.name, draft.language), 0.0) - mock.clock()
    if locked > 0:
        text = (
            f"New {language} content can't be added while the existing {language} content is being deleted. "
            f"Try again in {'4 weeks' if locked > _BRIEF_LOCK else 'less than 1 minute'} "
            "or consider creating a new message template."
        )
        raise management(2388023, "Message template language is being deleted", text)
    for other in account.templates.values():
        if other.name == draft.name and other.category is not draft.category:
            text = (
                f"The category {draft.category} doesn't match the one that's already associated with this template, "
                f"{other.category}."
            )
            raise management(2388026, "Category does not match", text)


def edit(mock: Mock, call: ResolvedCall) -> Answer:
    """Components are replaced as a whole. An approved template stays in use while it is reviewed again."""
    template, account = call.template, call.account
    now = mock.clock()
    _check_editable(template, now)
    category = _new_category(call, template)
    if not _EDITS & call.params.keys():
        raise required("components")
    ttl = read_ttl(call.params, category)
    if "components" in call.params:
        handles = _handles_of(mock, call)
        components = read_components(call.params, category, template.parameter_format, handles)
        template.components = [_hosted(mock, one) for one in components]
    template.category = category
    template.ttl = template.ttl if ttl is None else ttl
    if template.status is TemplateStatus.APPROVED:
        template.edits.append(now)
    else:
        template.status = TemplateStatus.PENDING
    submit(mock, account, template)
    return ok({"success": True, "id": template.id, "name": template.name, "category": category.value})


def _check_editable(template: Template, now: float) -> None:
    if template.status not in _EDITABLE:
        raise _uneditable("Only approved, rejected or paused templates can be edited.")
    if template.status is not TemplateStatus.APPROVED:
        return
    recent = [at for at in template.edits if at > now - 30 * _DAY]
    if sum(at > now - _DAY for at in recent) >= _EDITS_PER_DAY or len(recent) >= _EDITS_PER_MONTH:
        raise _uneditable("An approved template can be edited once in 24 hours and ten times in 30 days.")


def _uneditable(text: str) -> GraphError:
    return management(2388003, "Message Template Can't Be Edited", text)


def _new_category(call: ResolvedCall, template: Template) -> TemplateCategory:
    wanted = call.params.get("category")
    if wanted is None:
        return template.category
    category = read_category(wanted)
    if category is not template.category and template.status is TemplateStatus.APPROVED:
        raise _uneditable("The category of an approved template can't be changed.")
    return category


def delete(mock: Mock, call: ResolvedCall) -> Answer:
    """By name all languages, with hsm_id one. Names are locked: of approved templates for 30 days, else for a minute."""
    name, hsm_id = call.params.get("name"), call.params.get("hsm_id")
    if name is None or name == "":
        raise required("name")
    account = call.account
    found = [one for one in account.templates.values() if one.name == name and hsm_id in (None, one.id, int(one.id))]
    if not found:
        raise management(2593002, "Message Template Not Found", "The message template does not exist.")
    if any(one.status is TemplateStatus.DISABLED for one in found):
        raise invalid("Disabled message templates can't be deleted.")
    for one in found:
        del account.templates[one.id]
        lock = _NAME_LOCK if one.status is TemplateStatus.APPROVED else _BRIEF_LOCK
        account.deleted_names[(one.name, one.language)] = mock.clock() + lock
        publish_deletion(mock, account, one)
    return success()


def delete_by_id(_mock: Mock, call: ResolvedCall) -> Answer:
    """Graph knows no such call."""
    raise unknown_object(call.method, call.node_id)


def resume(mock: Mock, call: ResolvedCall) -> Answer:
    template = call.template
    if template.status is not TemplateStatus.PAUSED:
        raise invalid("The message template is not paused.")
    unpause(mock, call.account, template)
    return success()


routes = (
    Route("POST", NodeKind.WABA, "message_templates", "templates.create", create),
    Route("DELETE", NodeKind.WABA, "message_templates", "templates.delete", delete),
    Route("POST", NodeKind.TEMPLATE, "", "templates.edit", edit),
    Route("DELETE", NodeKind.TEMPLATE, "", "templates.delete", delete_by_id),
    Route("POST", NodeKind.TEMPLATE, "unpause", "templates.unpause", resume),
)
