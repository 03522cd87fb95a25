"""``/_control/templates/{id}``: what Meta's reviewers and its users think of a template."""

from typing import Any, Literal

from fastapi import APIRouter, Request
from pydantic import model_validator

from mock_meta.accounts import TemplateStatus
from mock_meta.control.bodies import body_as, mock_of
from mock_meta.control.shapes import Shape, not_found
from mock_meta.graph.templates import template_node
from mock_meta.reviews import set_quality, set_status


class VerdictShape(Shape):
    """A new status (with the reason of a rejection), a new quality score, or both."""

    status: TemplateStatus | None = None
    reason: str = "NONE"
    quality: Literal["GREEN", "YELLOW", "RED", "UNKNOWN"] | None = None

    @model_validator(mode="after")
    def _something(self) -> "VerdictShape":
        if self.status is None and self.quality is None:
            raise ValueError("give a 'status', a 'quality', or both")
        return self


router = APIRouter(prefix="/templates")


@router.post("/{template_id}")
async def judge(request: Request, template_id: str) -> dict[str, Any]:
    mock = mock_of(request)
    account = mock.accounts.of_template(template_id)
    if account is None:
        raise not_found("template", template_id, (one for each in mock.accounts for one in each.templates))
    body = await body_as(request, VerdictShape)
    template = account.templates[template_id]
    first = set_status(mock, account, template, body.status, body.reason) if body.status is not None else None
    more = set_quality(mock, account, template, body.quality) if body.quality is not None else []
    sent = [first, *more]
    return {"template": template_node(template), "deliveries": [one.id for one in sent if one is not None]}
