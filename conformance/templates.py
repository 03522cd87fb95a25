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
)  # fmt: skip
