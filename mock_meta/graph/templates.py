"""``GET /{waba_id}/message_templates`` and ``GET /{template_id}`` (fact sheet 13.2)."""

import json
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from mock_meta.accounts import Account, Template
from mock_meta.answer import Answer, ok
from mock_meta.call import Call
from mock_meta.errors import invalid
from mock_meta.fields import select, split_fields
from mock_meta.graph.routes import Node, NodeKind, Route
from mock_meta.mock import Mock
from mock_meta.paging import page

DEFAULT_FIELDS = ("name", "parameter_format", "components", "language", "status", "category", "id")
MOST_TEMPLATES = 6000
_UNSET = (
    "correct_category",
    "cta_url_link_tracking_opted_out",
    "degrees_of_freedom_spec",
    "library_template_name",
    "message_send_ttl_seconds",
    "previous_category",
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
        "quality_score": {"score": template.quality, "date": int(template.created_at)},
        "rejected_reason": template.rejected_reason,
        **dict.fromkeys(_UNSET),
    }


def list_templates(_mock: Mock, call: Call, node: Node) -> Answer:
    rows = [one for one in node.account.templates.values() if _passes(one, call.query)]
    asked = call.query.get("fields")
    listed = page(call, [select(template_node(one), asked, DEFAULT_FIELDS) for one in rows])
    wanted = call.query.get("summary")
    return ok({**listed, "summary": select_summary(len(rows), node.account, wanted)} if wanted else listed)


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


def _passes(template: Template, query: Mapping[str, str]) -> bool:
    return all(test(template, query[name]) for name, test in _FILTERS.items() if query.get(name))


def _wanted(text: str) -> Iterable[str]:
    """A filter value is one word, or a JSON array of them."""
    if text.startswith("["):
        try:
            return {str(one).upper() for one in json.loads(text)}
        except ValueError:
            return ()
    return {text.upper()}


_FILTERS: Mapping[str, Callable[[Template, str], bool]] = MappingProxyType(
    {
        "name": lambda template, text: text in template.name,
        "name_or_content": lambda template, text: text in template.name or text in json.dumps(template.components),
        "status": lambda template, text: template.status.value in _wanted(text),
        "category": lambda template, text: template.category.value in _wanted(text),
        "language": lambda template, text: template.language.upper() in _wanted(text),
        "quality_score": lambda template, text: template.quality in _wanted(text),
    }
)


def get_template(_mock: Mock, call: Call, node: Node) -> Answer:
    assert node.template is not None
    return ok(select(template_node(node.template), call.query.get("fields"), DEFAULT_FIELDS))


routes = (
    Route("GET", NodeKind.WABA, "message_templates", "templates.list", list_templates),
    Route("GET", NodeKind.TEMPLATE, "", "templates.get", get_template),
)
