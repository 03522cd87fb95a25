"""The templates that checks send; mock Meta is told of them, and a deployment that keeps its own list needs them too."""

from __future__ import annotations

from typing import Any


def _template(name: str, language: str, *components: dict[str, Any], category: str = "UTILITY") -> dict[str, Any]:
    return {
        "name": name,
        "language": language,
        "category": category,
        "status": "APPROVED",
        "components": list(components),
    }


PLAIN = "harness_plain"
"""No parameters; in en_US and it."""
GREETING = "harness_greeting"
"""Two body parameters; in en_US and it."""
ORDER = "harness_order"
"""One parameter in the header, two in the body, one in the URL of its button; in en_US."""
PICTURE = "harness_picture"
"""An image as header, one body parameter; in en_US."""

TEMPLATES = (
    _template(PLAIN, "en_US", {"type": "BODY", "text": "The harness says hello."}),
    _template(PLAIN, "it", {"type": "BODY", "text": "Il collaudo saluta."}),
    _template(
        GREETING, "en_US",
        {"type": "BODY", "text": "Hello {{1}}, your code is {{2}}.", "example": {"body_text": [["Ada", "A-17"]]}},
    ),
    _template(
        GREETING, "it",
        {"type": "BODY", "text": "Ciao {{1}}, il codice è {{2}}.", "example": {"body_text": [["Ada", "A-17"]]}},
    ),
    _template(
        ORDER, "en_US",
        {"type": "HEADER", "format": "TEXT", "text": "Order {{1}}", "example": {"header_text": ["4711"]}},
        {"type": "BODY", "text": "{{1}}, we sent it with {{2}}.", "example": {"body_text": [["Ada", "the mail"]]}},
        {"type": "BUTTONS", "buttons": [
            {"type": "URL", "text": "Track", "url": "https://media.wacrm.invalid/track/{{1}}", "example": ["A-17"]},
        ]},
    ),
    _template(
        PICTURE, "en_US",
        {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": ["4::aW1hZ2U="]}},
        {"type": "BODY", "text": "A picture for {{1}}.", "example": {"body_text": [["Ada"]]}},
    ),
)  # fmt: skip
