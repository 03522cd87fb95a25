"""Creating, editing, deleting and unpausing templates (fact sheet 13.1, 13.3, 13.4)."""

from mock_meta.accounts import Account, Template, TemplateCategory, TemplateStatus
from mock_meta.answer import Answer, ok, success
from mock_meta.call import Call
from mock_meta.errors import GraphError, invalid, management, unknown_object
from mock_meta.graph.routes import Node, NodeKind, Route
from mock_meta.graph.templates import MOST_TEMPLATES
from mock_meta.mock import Mock
from mock_meta.reviews import submit, unpause
from mock_meta.rules.shape import required
from mock_meta.rules.template_create import UNSAMPLED, Draft, HandleKnown, read_category, read_components, read_draft

_DAY = 86400.0
_NAME_LOCK = 30 * _DAY
_EDITABLE = frozenset({TemplateStatus.APPROVED, TemplateStatus.REJECTED, TemplateStatus.PAUSED})
_EDITS_PER_DAY, _EDITS_PER_MONTH = 1, 10


def create(mock: Mock, call: Call, node: Node) -> Answer:
    """A well-formed template goes into review; its name must be free."""
    account = node.account
    draft = read_draft(call.params, _handles_of(mock, account))
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
        created_at=mock.clock(),
    )
    account.templates[template.id] = template
    submit(mock, account, template)
    return ok({"id": template.id, "status": template.status.value, "category": template.category.value})


def _handles_of(mock: Mock, account: Account) -> HandleKnown:
    def known(text: str) -> bool:
        handle = mock.uploads.handle(text, mock.clock())
        return handle is not None and handle.app_id == account.app_id

    return known


def _hosted(mock: Mock, component: dict[str, object]) -> dict[str, object]:
    """A sample comes back as a CDN address, not as the handle it was sent as (13.2)."""
    if component["type"] != "HEADER" or component.get("format") in UNSAMPLED:
        return component
    url = f"https://scontent.whatsapp.net/v/t61.29466-34/{mock.ids.numeric(15)}_n.png?ccb=1-7&oh={mock.ids.token(12)}"
    return {**component, "example": {"header_handle": [url]}}


def _check_free(mock: Mock, account: Account, draft: Draft) -> None:
    if len(account.templates) >= MOST_TEMPLATES:
        raise management(
            2388019, "Message Template Limit Exceeded", f"An account has at most {MOST_TEMPLATES} templates."
        )
    if account.template(draft.name, draft.language) is not None:
        text = (
            f"There is already {draft.language} content for this template. You can create a new template and try again."
        )
        raise management(2388024, "Content in This Language Already Exists", text)
    if account.deleted_names.get((draft.name, draft.language), 0.0) > mock.clock():
        text = (
            f"New {draft.language} content can't be added while the existing {draft.language} content is being deleted. "
            "Try again in 4 weeks or consider creating a new message template."
        )
        raise management(2388023, "Message Template Language Is Being Deleted", text)
    for other in account.templates.values():
        if other.name == draft.name and other.category is not draft.category:
            text = (
                f"The category {draft.category} doesn't match the one that's already associated with this template, "
                f"{other.category}."
            )
            raise management(2388026, "Category Does Not Match", text)


def edit(mock: Mock, call: Call, node: Node) -> Answer:
    """Components are replaced as a whole. An approved or paused template stays in use while it is reviewed again."""
    template, account = _template(node), node.account
    now = mock.clock()
    _check_editable(template, now)
    category = _new_category(call, template)
    if "components" not in call.params and "category" not in call.params:
        raise required("components")
    if "components" in call.params:
        handles = _handles_of(mock, account)
        components = read_components(call.params, category, template.parameter_format, handles)
        template.components = [_hosted(mock, one) for one in components]
    template.category = category
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


def _new_category(call: Call, template: Template) -> TemplateCategory:
    wanted = call.params.get("category")
    if wanted is None:
        return template.category
    category = read_category(wanted)
    if category is not template.category and template.status is TemplateStatus.APPROVED:
        raise _uneditable("The category of an approved template can't be changed.")
    return category


def delete(mock: Mock, call: Call, node: Node) -> Answer:
    """By name all languages, with hsm_id one. The name of an approved template is locked for 30 days."""
    name, hsm_id = call.params.get("name"), call.params.get("hsm_id")
    if name is None or name == "":
        raise required("name")
    account = node.account
    found = [one for one in account.templates.values() if one.name == name and hsm_id in (None, one.id)]
    if not found:
        raise management(2593002, "Message Template Not Found", "The message template does not exist.")
    if any(one.status is TemplateStatus.DISABLED for one in found):
        raise invalid("Disabled message templates can't be deleted.")
    for one in found:
        del account.templates[one.id]
        if one.status is TemplateStatus.APPROVED:
            account.deleted_names[(one.name, one.language)] = mock.clock() + _NAME_LOCK
    return success()


def delete_by_id(_mock: Mock, call: Call, node: Node) -> Answer:
    """Graph knows no such call."""
    raise unknown_object(call.method, node.id)


def resume(mock: Mock, _call: Call, node: Node) -> Answer:
    template = _template(node)
    if template.status is not TemplateStatus.PAUSED:
        raise invalid("The message template is not paused.")
    unpause(mock, node.account, template)
    return success()


def _template(node: Node) -> Template:
    assert node.template is not None
    return node.template


routes = (
    Route("POST", NodeKind.WABA, "message_templates", "templates.create", create),
    Route("DELETE", NodeKind.WABA, "message_templates", "templates.delete", delete),
    Route("POST", NodeKind.TEMPLATE, "", "templates.edit", edit),
    Route("DELETE", NodeKind.TEMPLATE, "", "templates.delete", delete_by_id),
    Route("POST", NodeKind.TEMPLATE, "unpause", "templates.unpause", resume),
)
