"""``/_control/templates/{id}``: what Meta's reviewers and its users think of a template."""

from typing import Any, Literal

from fastapi import APIRouter, Request
from pydantic import model_validator

from mock_meta.business.accounts import TemplateCategory, TemplateStatus
from mock_meta.control.bodies import Body, body_as, mock_of
from mock_meta.control.errors import not_found
from mock_meta.events.template_reviews import announce_category, set_category, set_quality, set_status
from mock_meta.graph.templates import template_node


class VerdictBody(Body):
    """A new status (with the reason of a rejection), a new quality score, a new category, or notice of one.

    A pause that is asked for is one like those of low quality: it counts among them, and it ends.
    """

    status: TemplateStatus | None = None
    reason: str | None = "NONE"
    quality: Literal["GREEN", "YELLOW", "RED", "UNKNOWN"] | None = None
    category: TemplateCategory | None = None
    correct_category: TemplateCategory | None = None

    @model_validator(mode="after")
    def _something(self) -> "VerdictBody":
        if not {"status", "quality", "category", "correct_category"} & self.model_fields_set:
            raise ValueError("give a 'status', a 'quality', a 'category' or a 'correct_category'")
        return self


router = APIRouter(prefix="/templates")


@router.post("/{template_id}")
async def rate(request: Request, template_id: str) -> dict[str, Any]:
    mock = mock_of(request)
    account = mock.accounts.of_template(template_id)
    if account is None:
        raise not_found("template", template_id, (one for each in mock.accounts for one in each.templates))
    body = await body_as(request, VerdictBody)
    template = account.templates[template_id]
    sent = [set_status(mock, account, template, body.status, body.reason)] if body.status is not None else []
    sent += set_quality(mock, account, template, body.quality) if body.quality is not None else []
    sent += [set_category(mock, account, template, body.category)] if body.category is not None else []
    sent += (
        [announce_category(mock, account, template, body.correct_category)] if body.correct_category is not None else []
    )
    return {"template": template_node(template), "deliveries": [one.id for one in sent if one is not None]}
