"""``GET /{waba_id}/message_templates`` and ``GET /{template_id}`` (fact sheet 13.2)."""

from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType
from typing import Any

from mock_meta.business.accounts import Account, Template, TemplateCategory, TemplateStatus
from mock_meta.graph.routes import NodeKind, ResolvedCall, Route
from mock_meta.mock import Mock
from mock_meta.protocol.answer import Answer, ok
from mock_meta.protocol.errors import invalid
from mock_meta.protocol.fields import select, split_fields
from mock_meta.protocol.paging import paginated
from mock_meta.protocol.strict_json import decoded
from mock_meta.rules.value_checks import one_of

Trait = Callable[[Template], str]

DEFAULT_FIELDS = ("name", "parameter_format", "components", "language", "status", "category", "id")
MOST_TEMPLATES = 6000
_UNSET = (
    "cta_url_link_tracking_opted_out",
    "degrees_of_freedom_spec",
    "library_template_name",
    "sub_category",
)


def template_node(template: Template) -> dict[str, Any]:
    """Every field the node has."""
    return {
        "id": template.id,
        "name": template.name,
        "language": template.language,
        "status": template.status.value,
        "category": template.category.value,
        "parameter_format": template.parameter_format,
        "components": template.components,
        "quality_score": {"score": template.quality, "date": int(template.scored_at or template.created_at)},
        "rejected_reason": template.rejected_reason,
        "message_send_ttl_seconds": template.ttl,
        "previous_category": template.previous_category,
        "correct_category": template.correct_category,
        **dict.fromkeys(_UNSET),
    }


def list_templates(_mock: Mock, call: ResolvedCall) -> Answer:
    tests = _tests(call.query)
    rows = [one for one in call.account.templates.values() if all(test(one) for test in tests)]
    asked = call.query.get("fields")
    nodes = [select(template_node(one), asked, DEFAULT_FIELDS) for one in rows]
    listed = paginated(call, nodes, [one.place for one in rows])
    wanted = call.query.get("summary")
    return ok({**listed, "summary": select_summary(len(rows), call.account, wanted)} if wanted else listed)


def select_summary(found: int, account: Account, asked: str) -> dict[str, Any]:
    """Counts of what was found and of what the account has, next to what it may have."""
    counts = {
        "total_count": found,
        "message_template_count": len(account.templates),
        "message_template_limit": MOST_TEMPLATES,
        "are_translations_complete": True,
    }
    names = split_fields(asked)
    if not set(names) <= set(counts):
        raise invalid(f"Param summary must be some of {{{', '.join(counts)}}}.")
    return {name: counts[name] for name in names}


def _tests(query: Mapping[str, str]) -> list[Callable[[Template], bool]]:
    """What a listed template must pass. Raises GraphError 100 for a status, category or quality that Meta does not have."""
    asked = [name for name in _FILTERS if query.get(name)]
    return [_within(_FILTERS[name], _wanted(name, query[name])) for name in asked if name in _CHOICES] + [
        _holds(_FILTERS[name], query[name].lower()) for name in asked if name not in _CHOICES
    ]


def _within(trait: Trait, wanted: Collection[str]) -> Callable[[Template], bool]:
    return lambda template: trait(template).upper() in wanted


def _holds(trait: Trait, text: str) -> Callable[[Template], bool]:
    return lambda template: text in trait(template).lower()


def _wanted(name: str, text: str) -> Collection[str]:
    """A filter value is one word, or a JSON array of them."""
    words = decoded(text) if text.startswith("[") else [text]
    if not isinstance(words, list):
        raise invalid(f"Param {name} must be an array.")
    upper = [str(word).upper() for word in words]
    if _CHOICES[name]:
        for index, word in enumerate(upper):
            one_of(word, _CHOICES[name], f"{name}[{index}]" if text.startswith("[") else name)
    return upper


def _content(template: Template) -> str:
    return "\n".join(str(one.get("text") or "") for one in template.components)


_FILTERS: Mapping[str, Trait] = MappingProxyType(
    {
        "name": lambda template: template.name,
        "content": _content,
        "name_or_content": lambda template: f"{template.name}\n{_content(template)}",
        "status": lambda template: template.status.value,
        "category": lambda template: template.category.value,
        "language": lambda template: template.language,
        "quality_score": lambda template: template.quality,
    }
)
# The filters that take words as they stand; where Meta has no others, which.
_CHOICES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "status": tuple(TemplateStatus),
        "category": tuple(TemplateCategory),
        "language": (),
        "quality_score": ("GREEN", "RED", "UNKNOWN", "YELLOW"),
    }
)


def get_template(_mock: Mock, call: ResolvedCall) -> Answer:
    return ok(select(template_node(call.template), call.query.get("fields"), DEFAULT_FIELDS))


routes = (
    Route("GET", NodeKind.WABA, "message_templates", "templates.list", list_templates),
    Route("GET", NodeKind.TEMPLATE, "", "templates.get", get_template),
)
