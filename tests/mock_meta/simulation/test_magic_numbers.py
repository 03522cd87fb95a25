"""Recipients in +999 0000 xxxx."""

from pathlib import Path
from typing import Any

import pytest

import mock_meta
from mock_meta.simulation.behaviour import Status
from mock_meta.simulation.magic_numbers import PREFIX, TABLE, Effect, Reply, find_magic
from tests.mock_meta.inside import PERSON, PHONE, Inside

REFUSED = [last for last, one in TABLE.items() if one.effect is Effect.REFUSED]
REPLIES = {one.reply: PREFIX + last for last, one in TABLE.items()}
ANNOUNCED = [last for last, one in TABLE.items() if one.steps is not None]


@pytest.mark.parametrize("last", REFUSED)
def test_refused_at_once(inside: Inside, last: str) -> None:
    assert inside.refused(to=f"+999 000{last[0]} {last[1:]}")["code"] == TABLE[last].code
    (entry,) = inside.requests()
    assert entry["outcome"] == "refused"


@pytest.mark.parametrize("last", ANNOUNCED)
def test_statuses(inside: Inside, last: str) -> None:
    inside.send(to=PREFIX + last)
    steps = TABLE[last].steps or ()
    for _ in range(500):
        inside.rest(0.02)
        if len(inside.posts.statuses()) >= len(steps):
            break
    inside.rest(0.02)
    assert [status["status"] for status in inside.posts.statuses()] == [step.status.value for step in steps]
    for status in inside.posts.statuses():
        if status["status"] == Status.FAILED.value and TABLE[last].code:
            assert status["errors"][0]["code"] == TABLE[last].code


def test_a_proxy_in_between(inside: Inside) -> None:
    body = {"messaging_product": "whatsapp", "to": f"{PREFIX}40503", "text": {"body": "Ciao"}}
    answer = inside.graph("POST", f"{PHONE}/messages", json=body)
    assert (answer.status_code, answer.headers["content-type"]) == (503, "text/html")


def test_a_script_wins(inside: Inside) -> None:
    inside.control("POST", "/behaviour/recipients", {"to": [f"{PREFIX}01030"], "script": [{"status": "sent"}]})
    inside.send(to=f"{PREFIX}01030")


def test_an_ill_formed_message_is_still_ill_formed(inside: Inside) -> None:
    assert inside.refused(to=f"{PREFIX}01031", text={})["code"] == 100


def test_ordinary_numbers() -> None:
    assert find_magic("99900001234") is None
    assert find_magic("999000010300") is None
    assert find_magic("9990001026") is None
    assert find_magic(None) is None


def test_the_table_is_told_and_documented(inside: Inside) -> None:
    told = inside.control("GET", "/magic-numbers")["magic_numbers"]
    assert [row["to"] for row in told] == [f"+999 000{last[0]} {last[1:]}" for last in sorted(TABLE)]
    rows = [
        f"| `{row['to']}` | {row['effect']} | {'' if row['code'] is None else row['code']} | {row['meaning']} |"
        for row in told
    ]
    page = (Path(mock_meta.__file__).parent / "magic-numbers.md").read_text("utf-8")
    assert page.split("| to | effect | code | meaning |\n|---|---|---|---|\n")[1].splitlines() == rows


BUTTONS = {
    "type": "button",
    "body": {"text": "Well?"},
    "action": {"buttons": [{"type": "reply", "reply": {"id": name, "title": name.title()}} for name in ("yes", "no")]},
}
LIST = {
    "type": "list",
    "body": {"text": "Well?"},
    "action": {"button": "Open", "sections": [{"rows": [{"id": "r1", "title": "One", "description": "the first"}]}]},
}
LINK = {
    "type": "cta_url",
    "body": {"text": "Look"},
    "action": {"name": "cta_url", "parameters": {"display_text": "Open", "url": "https://s.example/"}},
}
RICH: list[dict[str, Any]] = [
    {"type": "header", "parameters": [{"type": "image", "image": {"link": "https://s.example/a.png"}}]},
    {"type": "body", "parameters": [{"type": "text", "text": "Anna"}]},
    {"type": "button", "sub_type": "url", "index": 0, "parameters": [{"type": "text", "text": "a"}]},
    {
        "type": "button",
        "sub_type": "copy_code",
        "index": 1,
        "parameters": [{"type": "coupon_code", "coupon_code": "A"}],
    },
]
PAYLOAD = {
    "type": "button",
    "sub_type": "QUICK_REPLY",
    "index": "2",
    "parameters": [{"type": "payload", "payload": "P"}],
}


def heard(inside: Inside, reply: Reply, **members: Any) -> list[dict[str, Any]]:
    """What the person wrote after the message, without ids and times."""
    wamid = inside.wamid(to=REPLIES[reply], **members)
    for _ in range(50):
        inside.rest(0.02)
        if inside.app.mock.pending_webhooks == 0:
            break
    assert [status["status"] for status in inside.posts.statuses()] == ["sent", "delivered", "read"]
    messages = [message for value in inside.posts.values() for message in value.get("messages", [])]
    for message in messages:
        assert message["from"] == REPLIES[reply]
        assert message.get("context", {}).get("id") in {None, wamid}
    return [{name: message[name] for name in (message["type"],)} for message in messages]


@pytest.mark.parametrize(("reply", "body"), [(Reply.TEXT, "Hello"), (Reply.STOP, "STOP")])
def test_writes_back(inside: Inside, reply: Reply, body: str) -> None:
    assert heard(inside, reply) == [{"text": {"body": body}}]


@pytest.mark.parametrize(
    ("interactive", "reply"),
    [
        (BUTTONS, {"type": "button_reply", "button_reply": {"id": "yes", "title": "Yes"}}),
        (LIST, {"type": "list_reply", "list_reply": {"id": "r1", "title": "One", "description": "the first"}}),
    ],
)
def test_taps(inside: Inside, interactive: dict[str, Any], reply: dict[str, Any]) -> None:
    assert heard(inside, Reply.TAP, type="interactive", interactive=interactive) == [{"interactive": reply}]


def test_taps_nothing_where_there_is_nothing_to_tap(inside: Inside) -> None:
    assert heard(inside, Reply.TAP) == []
    inside.posts.sent.clear()
    assert heard(inside, Reply.TAP, type="interactive", interactive=LINK) == []


@pytest.mark.parametrize(("more", "payload"), [([], "Ok"), ([PAYLOAD], "P")])
def test_taps_a_template(inside: Inside, more: list[dict[str, Any]], payload: str) -> None:
    template = {"name": "rich", "language": {"code": "en_US"}, "components": RICH + more}
    assert heard(inside, Reply.TAP, type="template", template=template) == [
        {"button": {"payload": payload, "text": "Ok"}}
    ]


def test_a_script_silences_the_reply(inside: Inside) -> None:
    inside.control("POST", "/behaviour/recipients", {"to": [REPLIES[Reply.STOP]], "script": []})
    inside.send(to=REPLIES[Reply.STOP])
    inside.rest(0.2)
    assert inside.posts.values() == []


@pytest.mark.parametrize("person", [REPLIES[Reply.TAP], PERSON])
def test_a_reaction_is_only_sent(inside: Inside, person: str) -> None:
    inside.control("PUT", "/behaviour", {"profile": "instant"})
    target = inside.control("POST", "/inbound", {"phone_number_id": PHONE, "messages": [{"from": person}]})
    inside.posts.sent.clear()
    inside.send(to=person, type="reaction", reaction={"message_id": target["wamids"][0], "emoji": "👍"})
    inside.rest(0.2)
    assert [status["status"] for status in inside.posts.statuses()] == ["sent"]
