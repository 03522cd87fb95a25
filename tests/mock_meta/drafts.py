"""Templates to be created over Graph, and the calls that create them."""

from typing import Any

from tests.mock_meta.inside import TOKEN, WABA, Inside

BODY = {"type": "BODY", "text": "Hi {{1}}, your order {{2}} has shipped.", "example": {"body_text": [["Anna", "A-17"]]}}
QUICK = {"type": "QUICK_REPLY", "text": "Ok"}
URL = {"type": "URL", "text": "Track", "url": "https://s.example/{{1}}", "example": ["A-17"]}


def handle(inside: Inside) -> str:
    query = {"file_length": "3", "file_type": "image/jpeg", "access_token": TOKEN}
    session = inside.request("POST", "/v21.0/670843887433847/uploads", params=query).json()["id"]
    headers = {"Authorization": f"OAuth {TOKEN}", "file_offset": "0"}
    return str(inside.request("POST", f"/v21.0/{session}", content=b"abc", headers=headers).json()["h"])


def create(inside: Inside, *components: dict[str, Any], **members: Any) -> Any:
    body = {
        "name": "order_update",
        "category": "UTILITY",
        "language": "en_US",
        "components": list(components),
        **members,
    }
    return inside.graph("POST", f"{WABA}/message_templates", json=body).json()


def buttons(*listed: dict[str, Any]) -> dict[str, Any]:
    return {"type": "BUTTONS", "buttons": list(listed)}


def body(text: str, *samples: str) -> dict[str, Any]:
    return (
        {"type": "BODY", "text": text, "example": {"body_text": [list(samples)]}}
        if samples
        else {"type": "BODY", "text": text}
    )
