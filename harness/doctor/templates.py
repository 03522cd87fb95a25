"""The harness's templates: known to the deployment, and to mock Meta."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.meta.templates import PICTURE, TEMPLATES
from conformance.wacrm.interlock import NOBODY
from harness.doctor.line import mend, ok

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.meta.mock_client import MockMeta
    from conformance.target.api import Api
    from harness.doctor.line import Line

KNOWN = "templates"
CREATED = 201
UNKNOWN_AT_META = "132001"
"""Meta's code for a template that does not exist in the language (Cloud API, error codes)."""
NEEDED = [template for template in TEMPLATES if template["name"] != PICTURE]
"""The form of media in a header is left open, so a deployment may refuse that one without any fault of the set-up."""


def known(api: Api, mock_meta: MockMeta) -> Iterator[Line]:
    """Each template is sent to a number that reaches nobody: only after the interlock. Raises `NoAnswerError`, `Starved`."""
    troubles = {name_of(template): _trouble(api, mock_meta, template) for template in NEEDED}
    unknown = {name: trouble for name, trouble in troubles.items() if trouble}
    for name, trouble in unknown.items():
        yield mend(
            KNOWN, f"{name}: {trouble}",
            "Add it to the account as approved: `wacrm-harness provision` does, or copy conformance/meta/templates.py.",
        )  # fmt: skip
    if not unknown:
        yield ok(KNOWN, f"{len(troubles)} known to the deployment and to mock Meta")


def name_of(template: dict[str, Any]) -> str:
    return f"{template['name']} ({template['language']})"


def _trouble(api: Api, mock_meta: MockMeta, template: dict[str, Any]) -> str:
    """Who does not know the template; empty when both do. What else is wrong with the send is for the gate to judge."""
    since = mock_meta.mark()
    answer = api.post("/messages", {"to": NOBODY, "type": "template", "template": sent(template)})
    if answer.status == CREATED:
        return ""
    if not mock_meta.sends(contains=template["name"], since=since):
        return f"the deployment sent nothing to Meta and answered {answer.summary[:160]}"
    if UNKNOWN_AT_META in answer.text:
        return f"mock Meta does not know it ({UNKNOWN_AT_META}): set meta.access_token, so that the mock is told"
    return ""


def sent(template: dict[str, Any]) -> dict[str, Any]:
    """The template in a request, with the values of its own examples."""
    values: dict[str, Any] = {}
    for component in template["components"]:
        example = component.get("example", {})
        if "header_text" in example:
            values["header"] = example["header_text"][0]
        if "body_text" in example:
            values["body"] = example["body_text"][0]
        if buttons := [button["example"][0] for button in component.get("buttons", [])]:
            values["buttons"] = buttons
    params = values if len(values) > 1 else values.get("body", [])
    return {"name": template["name"], "language": template["language"], "params": params}
