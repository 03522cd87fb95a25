from __future__ import annotations

from typing import Any

import pytest

from conformance.wacrm.steps.inbound_messages import CAPTION, KINDS


def shown(**members: Any) -> dict[str, Any]:
    return {"content_type": "text", "content_text": None, "media_url": None, **members}


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("text", shown(content_text="Ciao")),
        ("image with caption", shown(content_type="image", content_text=CAPTION, media_url="/media/1")),
        ("image", shown(content_type="image", media_url="/media/1")),
        ("document", shown(content_type="document", content_text="fattura.pdf", media_url="/media/1")),
        ("sticker", shown(content_type="unsupported")),
        ("location", shown(content_type="location", content_text="Duomo")),
        ("button reply", shown(content_type="interactive", content_text="Sì")),
        ("template button", shown(content_text="Va bene")),
        ("unsupported", shown(content_type="unsupported")),
    ],
)
def test_a_right_row_has_no_problem(name: str, row: dict[str, Any]) -> None:
    assert KINDS[name].problem(row) is None


@pytest.mark.parametrize(
    ("name", "row", "problem"),
    [
        ("text", shown(content_text="ciao"), "content_text"),
        ("image with caption", shown(content_type="image", media_url="/media/1"), "content_text"),
        ("image", shown(content_type="image", content_text="x", media_url="/media/1"), "content_text"),
        ("video", shown(content_type="video"), "media_url"),
        ("voice note", shown(content_type="document", media_url="/media/1"), "content_type"),
        ("location", shown(content_type="location", media_url="/media/1"), "media_url"),
        ("list reply", shown(content_type="interactive"), "content_text"),
        ("contacts", shown(content_type="image"), "content_type"),
    ],
)
def test_a_wrong_row_has_a_problem(name: str, row: dict[str, Any], problem: str) -> None:
    assert str(KINDS[name].problem(row)).startswith(problem)


def test_every_stored_sample_has_allowed_types() -> None:
    assert all(kind.types for kind in KINDS.values() if kind.must_be_stored)
