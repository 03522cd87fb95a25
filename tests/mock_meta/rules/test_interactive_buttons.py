from typing import Any

import pytest

from tests.mock_meta.inside import Inside, details

BODY = {"text": "Scegli"}


def buttons(*titles: str, **more: Any) -> dict[str, Any]:
    listed = [{"type": "reply", "reply": {"id": f"b{index}", "title": title}} for index, title in enumerate(titles)]
    return {"type": "button", "body": BODY, "action": {"buttons": listed}, **more}


def sections(*sizes: int, titled: bool = True, **more: Any) -> dict[str, Any]:
    listed = []
    for index, size in enumerate(sizes):
        rows = [{"id": f"r{index}-{row}", "title": "Uno", "description": "d" * 72} for row in range(size)]
        listed.append({"title": f"S{index}", "rows": rows} if titled else {"rows": rows})
    return {"type": "list", "body": BODY, "action": {"button": "Apri", "sections": listed}, **more}


def link(text: str = "Vai", url: str = "https://s.example") -> dict[str, Any]:
    return {
        "type": "cta_url",
        "body": BODY,
        "action": {"name": "cta_url", "parameters": {"display_text": text, "url": url}},
    }


@pytest.mark.parametrize(
    "interactive",
    [
        buttons("Sì"),
        buttons("a", "b", "c" * 20, header={"type": "text", "text": "h" * 60}, footer={"text": "f" * 60}),
        buttons("a", header={"type": "image", "image": {"link": "https://x.example/a.png"}}),
        sections(10),
        sections(5, 5),
        sections(1, titled=False),
        link(),
    ],
)
def test_accepted(inside: Inside, interactive: dict[str, Any]) -> None:
    inside.send(type="interactive", text=None, interactive=interactive)


@pytest.mark.parametrize(
    ("interactive", "text"),
    [
        (buttons(), "Invalid buttons count. Min allowed buttons: 1, Max allowed buttons: 3"),
        (buttons("a", "b", "c", "d"), "Invalid buttons count. Min allowed buttons: 1, Max allowed buttons: 3"),
        (buttons("x" * 21), "Button title length invalid. Min length: 1, Max length: 20"),
        (buttons(""), "Button title length invalid. Min length: 1, Max length: 20"),
        (buttons("a", "a"), "Duplicated button titles"),
        (sections(6, 5), "Total row count exceed max allowed count: 10"),
        (
            sections(1, 1, titled=False),
            "Section title is required when there is more than one section: section at index 0",
        ),
        (sections(0), "Invalid rows count. Min allowed rows: 1, Max allowed rows: 10"),
        (sections(), "Invalid sections count. Min allowed sections: 1, Max allowed sections: 10"),
        (link("x" * 21), "Button title length invalid. Min length: 1, Max length: 20"),
    ],
)
def test_limits_are_131009(inside: Inside, interactive: dict[str, Any], text: str) -> None:
    error = inside.refused(type="interactive", interactive=interactive)
    assert (error["code"], error["message"]) == (131009, "(#131009) Parameter value is not valid")
    assert details(error) == text


@pytest.mark.parametrize(
    "interactive",
    [
        {"type": "button", "action": {"buttons": []}},
        {"type": "carousel", "body": BODY},
        {"body": BODY},
        buttons("a", header={"type": "text", "text": "h" * 61}),
        buttons("a", footer={"text": "f" * 61}),
        buttons("a", colour="red"),
        sections(1, header={"type": "image", "image": {"link": "https://x.example/a.png"}}),
        link(url="nonsense"),
    ],
)
def test_what_is_no_interactive_object_is_100(inside: Inside, interactive: dict[str, Any]) -> None:
    assert inside.refused(type="interactive", interactive=interactive)["code"] == 100
