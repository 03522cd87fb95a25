"""What a person's message holds: the member of its type, and what rides on it (fact sheet 16.2)."""

from typing import Any

import pytest

from tests.mock_meta.events.test_inbound import USER, message_of, write, write_from
from tests.mock_meta.fidelity import fact
from tests.mock_meta.inside import GROUP, PERSON, TOKEN, Inside


def test_replies_and_the_removal_of_a_reaction(inside: Inside) -> None:
    reply = {"type": "list_reply", "list_reply": {"id": "r1", "title": "Uno", "description": "…"}}
    write(inside, {"type": "interactive", "interactive": reply})
    write(inside, {"type": "reaction", "reaction": {"message_id": "wamid.x"}})
    first, second = (value["messages"][0] for value in inside.posts.values())
    assert first["interactive"] == reply
    assert second["reaction"] == {"message_id": "wamid.x"}


def test_an_unsupported_message_says_why(inside: Inside) -> None:
    write(inside, {"type": "unsupported"})
    message = inside.posts.values()[0]["messages"][0]
    assert message["errors"] == [
        {
            "code": 131051,
            "title": "Message type unknown",
            "message": "Message type unknown",
            "error_data": {"details": "Message type is currently not supported."},
        }
    ]


REFERRALS = [
    {"source_url": "https://fb.me/x", "source_id": "1", "source_type": "ad", "headline": "H", "body": "B"},
    {"source_type": "post", "media_type": "image", "image_url": "https://x.example/a.png", "ctwa_clid": "c"},
    {"source_type": "ad", "media_type": "video", "video_url": "https://x.example/a.mp4", "thumbnail_url": "t"},
    {"source_type": "unknown", "welcome_message": {"text": "Hi"}},
    {},
]


@pytest.mark.parametrize("referral", REFERRALS)
def test_a_referral_of_any_kind(inside: Inside, referral: dict[str, Any]) -> None:
    assert message_of(inside, **{"from": PERSON, "referral": referral})["messages"][0]["referral"] == referral


@fact(
    "a forwarded message has a `context` without an `id`",
    source="clients' issue threads (KeyError: id)",
    month="2026-08",
    sure="captured",
)
@pytest.mark.parametrize(
    "context",
    [
        {"forwarded": True},
        {"frequently_forwarded": True},
        {"referred_product": {"catalog_id": "1", "product_retailer_id": "x"}},
    ],
)
def test_a_context_need_not_quote(inside: Inside, context: dict[str, Any]) -> None:
    for kind in ("text", "image", "order"):
        assert (
            message_of(inside, **{"from": PERSON, "type": kind, "context": context})["messages"][0]["context"]
            == context
        )


def test_members_that_nobody_knows_go_in_as_they_are(inside: Inside) -> None:
    extra = {"new_in_2027": {"a": [1]}, "group_id": GROUP, "timestamp": "5"}
    message = message_of(inside, **{"from": PERSON, "extra": extra})["messages"][0]
    assert {name: message[name] for name in extra} == extra


@fact(
    "media in webhooks may carry a `url`, which the token fetches",
    source="Meta: webhooks, messages/image",
    month="2026-05",
    sure="documented",
)
@pytest.mark.parametrize("kind", ["image", "video", "audio", "document", "sticker"])
def test_media_with_a_url(inside: Inside, kind: str) -> None:
    media = message_of(inside, **{"from": PERSON, "type": kind, kind: {"url": True}})["messages"][0][kind]
    answer = inside.request("GET", media["url"], headers={"Authorization": f"Bearer {TOKEN}"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, media["mime_type"])
    given = message_of(inside, **{"from": PERSON, "type": kind, kind: {"url": "https://x.example/"}})
    assert given["messages"][0][kind]["url"] == "https://x.example/"
    assert "url" not in message_of(inside, **{"from": PERSON, "type": kind})["messages"][0][kind]


@fact(
    "an edit names the original message and holds the message as it is now",
    source="Meta: webhooks, messages/edit",
    month="2026-07",
    sure="documented",
)
@fact(
    "a revoke names the original message and nothing else",
    source="Meta: webhooks, messages/revoke",
    month="2026-05",
    sure="documented",
)
@pytest.mark.parametrize("kind", ["edit", "revoke"])
def test_edits_and_revokes_name_what_was_written_last(inside: Inside, kind: str) -> None:
    first = write_from(inside, {"from": PERSON})["wamids"][0]
    changed = message_of(inside, **{"from": PERSON, "type": kind})["messages"][0][kind]
    assert changed["original_message_id"] == first
    assert ("message" in changed) == (kind == "edit")
    given = message_of(inside, **{"from": PERSON, "type": kind, kind: {"original_message_id": "wamid.x"}})
    assert given["messages"][0][kind]["original_message_id"] == "wamid.x"


def test_an_edited_picture_can_be_fetched(inside: Inside) -> None:
    edit = {"message": {"type": "image", "image": {"caption": "new"}}}
    message = message_of(inside, **{"from": PERSON, "type": "edit", "edit": edit})["messages"][0]["edit"]["message"]
    assert message["image"]["caption"] == "new"
    assert inside.graph("GET", message["image"]["id"]).status_code == 200


@fact(
    "`request_welcome` is a message without a member of its own; `unknown` says 131051",
    source="clients' type lists (pywa 4.5.0 and others)",
    month="2026-11",
    sure="inferred",
)
def test_types_without_a_member(inside: Inside) -> None:
    (welcome,) = message_of(inside, **{"from": PERSON, "type": "request_welcome"})["messages"]
    assert set(welcome) == {"from", "from_user_id", "id", "timestamp", "type"}
    (unknown,) = message_of(inside, **{"from": PERSON, "type": "unknown"})["messages"]
    assert unknown["errors"][0]["code"] == 131051
    assert "unknown" not in unknown


@fact(
    "a change of number comes without contacts and names two different numbers",
    source="Meta: webhooks, messages/system",
    month="2026-08",
    sure="documented",
)
def test_a_new_number_is_another_number(inside: Inside) -> None:
    for number in (PERSON, "99900001239"):
        value = message_of(inside, **{"from": number, "type": "system"})
        system = value["messages"][0]["system"]
        assert "contacts" not in value
        assert system["wa_id"] not in {number, None}
        assert system["body"] == f"User Anna changed from {number} to {system['wa_id']}"


@fact(
    "a change of user id names the new id and no number",
    source="Meta: webhooks, messages/system",
    month="2026-08",
    sure="documented",
)
def test_a_new_user_id(inside: Inside) -> None:
    system = message_of(inside, from_user_id=USER, type="system")["messages"][0]["system"]
    assert system["type"] == "user_changed_user_id"
    assert system["user_id"] not in {USER, None}
    assert "wa_id" not in system


def test_a_reaction_may_name_its_emoji_alone(inside: Inside) -> None:
    sent = inside.wamid()
    message = message_of(inside, **{"from": PERSON, "type": "reaction", "reaction": {"emoji": "🙏"}})["messages"][0]
    assert message["reaction"] == {"message_id": sent, "emoji": "🙏"}
