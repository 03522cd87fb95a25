"""What becomes of templates: review, quality, pausing, other categories, and the webhooks about it (fact sheet 13.5, 16.3)."""

from typing import Any

from mock_meta.business.accounts import Account, Template, TemplateCategory, TemplateStatus
from mock_meta.mock import Mock
from mock_meta.simulation.review_settings import Decision
from mock_meta.webhooks.delivery import Delivery
from mock_meta.webhooks.payloads import Payload, envelope

_HOUR = 3600.0
_NOTICE = 24 * _HOUR
_PAUSES = (("FIRST_PAUSE", 3 * _HOUR), ("SECOND_PAUSE", 6 * _HOUR))
_HALTS = frozenset({TemplateStatus.PAUSED, TemplateStatus.DISABLED})


def submit(mock: Mock, account: Account, template: Template) -> None:
    """Start the review of a new or edited template."""
    settings = mock.reviews
    rejected = settings.decision is Decision.REJECT
    if settings.decision is Decision.MANUAL:
        return
    delay = mock.behaviour.keyed(f"review|{template.name}|{template.language}").uniform(*settings.after)
    status = TemplateStatus.REJECTED if rejected else TemplateStatus.APPROVED
    reason = settings.reason if rejected else "NONE"
    mock.planned.after(delay, _conclude, mock, account, template, status, reason)


def _conclude(mock: Mock, account: Account, template: Template, status: TemplateStatus, reason: str) -> None:
    """Unless the template was deleted or replaced meanwhile."""
    if account.templates.get(template.id) is template:
        set_status(mock, account, template, status, reason)


def set_status(
    mock: Mock, account: Account, template: Template, status: TemplateStatus, reason: str | None = "NONE"
) -> Delivery | None:
    """Change a template's status and tell the deployment, unless the template is paused or disabled already.

    A pause lasts three hours, every one after the first six.
    """
    if status is template.status and status in _HALTS:
        return None
    template.status = status
    template.rejected_reason = reason or "NONE"
    extra: Payload = {}
    if status is TemplateStatus.REJECTED:
        extra["rejection_info"] = {"reason": reason, "recommendation": "Change the template and submit it again."}
    elif status is TemplateStatus.PAUSED:
        extra["other_info"] = _info(_begin_pause(mock, account, template))
    elif status is TemplateStatus.DISABLED:
        extra = {"disable_info": {"disable_date": int(mock.clock())}, "other_info": _info("DISABLED")}
    return _publish_status(mock, account, template, status.value, reason, extra)


def publish_deletion(mock: Mock, account: Account, template: Template) -> Delivery | None:
    """Deletions have no reason (16.3)."""
    return _publish_status(mock, account, template, "DELETED", None, {})


def _publish_status(  # the members of one webhook
    mock: Mock, account: Account, template: Template, event: str, reason: str | None, extra: Payload
) -> Delivery | None:
    value = {
        "event": event,
        **_identity(template),
        "reason": reason,
        "message_template_category": template.category.value,
        **extra,
    }
    return _publish(mock, account, "message_template_status_update", value)


def _identity(template: Template) -> Payload:
    return {
        "message_template_id": int(template.id),
        "message_template_name": template.name,
        "message_template_language": template.language,
    }


def _publish(mock: Mock, account: Account, field: str, value: Payload) -> Delivery | None:
    payload = envelope(account.waba_id, field, value, time=int(mock.clock()))
    key = f"{field}|{value['message_template_name']}|{value['message_template_language']}|{value.get('event')}"
    return next(iter(mock.publisher.publish(account, payload, key)), None)


def set_quality(mock: Mock, account: Account, template: Template, score: str) -> list[Delivery]:
    """Announce a quality score. RED pauses: three hours, then six, then the template is disabled for good.

    Messages that pacing held go out with any better score, and fail with RED.
    """
    value = {"previous_quality_score": template.quality, "new_quality_score": score, **_identity(template)}
    template.quality, template.scored_at = score, mock.clock()
    sent = [_publish(mock, account, "message_template_quality_update", value)]
    if score != "UNKNOWN":
        mock.pacing.rate(template, good=score != "RED")
    if score == "RED" and template.status is TemplateStatus.APPROVED:
        spent = template.pauses >= len(_PAUSES)
        sent.append(set_status(mock, account, template, TemplateStatus.DISABLED if spent else TemplateStatus.PAUSED))
    return [one for one in sent if one is not None]


def set_category(mock: Mock, account: Account, template: Template, category: TemplateCategory) -> Delivery | None:
    """Meta files the template under another category and tells of it (16.3)."""
    old, template.category = template.category, category
    template.previous_category, template.correct_category = old, None
    value = {**_identity(template), "previous_category": old.value, "new_category": category.value}
    return _publish(mock, account, "template_category_update", value)


def announce_category(mock: Mock, account: Account, template: Template, category: TemplateCategory) -> Delivery | None:
    """Announces the category that the template will have in a day."""
    template.correct_category = category
    mock.distant.after(_NOTICE, _apply_announced_category, mock, account, template, category)
    due = int(mock.clock() + _NOTICE)
    names = {"new_category": template.category.value, "correct_category": category.value}
    value = {**_identity(template), **names, "category_update_timestamp": due}
    return _publish(mock, account, "template_category_update", value)


def _apply_announced_category(mock: Mock, account: Account, template: Template, category: TemplateCategory) -> None:
    """Unless the template was deleted or filed otherwise meanwhile."""
    if account.templates.get(template.id) is template and template.correct_category is category:
        set_category(mock, account, template, category)


def _begin_pause(mock: Mock, account: Account, template: Template) -> str:
    """The pause's title."""
    template.pauses += 1
    title, seconds = _PAUSES[min(template.pauses, len(_PAUSES)) - 1]
    mock.distant.after(seconds, _end_pause, mock, account, template, template.pauses)
    return title


def _end_pause(mock: Mock, account: Account, template: Template, nth: int) -> None:
    """Unless it was ended by hand and the template is in its next pause already."""
    if template.pauses == nth:
        unpause(mock, account, template)


def _info(title: str) -> dict[str, Any]:
    what = "disabled" if title == "DISABLED" else "paused"
    return {"title": title, "description": f"Your WhatsApp message template was {what} because it had low quality."}


def unpause(mock: Mock, account: Account, template: Template) -> Delivery | None:
    """Back to approved, if it is still paused."""
    if template.status is not TemplateStatus.PAUSED or account.templates.get(template.id) is not template:
        return None
    template.status = TemplateStatus.APPROVED
    return _publish_status(mock, account, template, "APPROVED", "NONE", {"other_info": {"title": "UNPAUSE"}})
