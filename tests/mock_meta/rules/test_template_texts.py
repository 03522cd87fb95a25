"""What captures show of Meta's refusals of template texts, each with its sentence."""

from typing import Any

import pytest

from mock_meta.rules.text_marks import emojis, is_formatted, without_punctuation
from tests.mock_meta.drafts import BODY, QUICK, URL, body, buttons, create, handle
from tests.mock_meta.fidelity import fact
from tests.mock_meta.inside import Inside

Shown = tuple[int, str, str]
DENSE = (
    2388293,
    "Parameters words ratio exceeds limit",
    (
        "This template has too many variables for its length. "
        "Reduce the number of variables or increase the message length."
    ),
)
EDGE = (
    2388299,
    "Leading or trailing params not allowed",
    "Variables can't be at the start or end of the template.",
)
SHAPE = (
    "The message body can't have more than two consecutive newline characters, only have parameters, "
    "or have more than 10 emojis."
)
BUTTON = (
    2388060,
    "Button format is incorrect",
    "Buttons can't have any variables, newlines, emojis or formatting characters.",
)
HEADER_TEXT = "The message header can't have any new lines, formatting characters, emojis or asterisks."
MISSING = 'Message template "components" param is missing expected field(s)'


def refused(inside: Inside, *components: dict[str, Any], **members: Any) -> Shown:
    error = create(inside, *components, **members)["error"]
    assert (error["code"], error["message"], error["is_transient"]) == (100, "Invalid parameter", False)
    return error["error_subcode"], error["error_user_title"], error["error_user_msg"]


def filled(text: str) -> dict[str, Any]:
    """A body with a sample for each variable."""
    return body(text, *["x"] * text.count("{{"))


@fact(
    "a body has at least 3n + 1 words, its n variables among them: 2388293",
    source="six refusals and fourteen acceptances of one account; Syniverse and Mercuri publish the figure",
    month="2026-09",
    sure="inferred",
)
@pytest.mark.parametrize(
    "text",
    [
        "Reminder: your {{1}} shift at {{2}} is on {{3}} at {{4}}.",
        "Purchase order {{1}} for {{2}} is ready: {{3}}. Raised {{4}}, needed by {{5}}.",
        "Update about your {{1}} shift: {{2}}",
        "A message from {{1}} — {{2}}: {{3}} Read it here: {{4}}",
        "Hello {{1}}, thanks!",
    ],
)
def test_too_few_words(inside: Inside, text: str) -> None:
    assert refused(inside, filled(text)) == DENSE


@pytest.mark.parametrize(
    "text",
    ["Hello {{1}}, thank you!", "Hi {{1}}, your order {{2}} has shipped.", "No variables", "Hi {{1}}, come — to — us."],
)
def test_enough_words(inside: Inside, text: str) -> None:
    assert "id" in create(inside, filled(text))


@fact(
    "punctuation and markup are no text around a variable: 2388299",
    source="captures of creations by several clients",
    month="2026-09",
    sure="captured",
)
@pytest.mark.parametrize(
    "text",
    [
        "Your table is ready and booked for {{1}}.",
        "Your table is ready and booked for *{{1}}*",
        "Your table is ready and booked for {{1}} !",
        "Your table is ready and booked for “{{1}}”…",
        "¡{{1}}, your table is ready and booked",
        "_{{1}}_ is ready and booked for you",
        "{{1}} item(s) at {{2}} are below their reorder level: {{3}}.",
    ],
)
def test_variables_at_an_end(inside: Inside, text: str) -> None:
    assert refused(inside, filled(text)) == EDGE


@fact(
    "a body has no three line breaks in a row, no more than ten emoji, and more than variables",
    source="capture on a staging account",
    month="2026-09",
    sure="captured",
)
@pytest.mark.parametrize("text", ["{{1}}", "— {{1}}!", "Hello\n\n\nthere", "Hello " + "🙏" * 11])
def test_the_shape_of_a_body(inside: Inside, text: str) -> None:
    assert refused(inside, filled(text))[2] == SHAPE


def test_ten_emoji_and_an_empty_line_are_fine(inside: Inside) -> None:
    assert "id" in create(inside, body("Hello\n\nthere " + "🙏" * 10))


@fact(
    "buttons refuse emoji, line breaks, formatting and variables, with one sentence: 2388060",
    source="captures of creations (among them of 10 August 2026)",
    month="2026-08",
    sure="captured",
)
@pytest.mark.parametrize("label", ["Fine 👍", "✅ Yes", "❤️", "Yes\nNo", "*Yes*", "_Yes_", "~Yes~", "`Yes`", "Hi {{1}}"])
def test_labels_of_buttons(inside: Inside, label: str) -> None:
    for button in (QUICK, URL, {"type": "PHONE_NUMBER", "phone_number": "+393331234567"}):
        assert refused(inside, body("x"), buttons({**button, "text": label})) == BUTTON


@pytest.mark.parametrize(
    "label", ["Fine", "Sì, grazie!", "Evet / Yes", "snake_case", "2 * 3", "OK → go", "№ 5", "C#", "Brand™"]
)
def test_labels_that_are_plain(inside: Inside, label: str) -> None:
    assert "id" in create(inside, body("x"), buttons({"type": "QUICK_REPLY", "text": label}))


@fact(
    "text headers refuse line breaks, formatting, emoji and asterisks: 2388072",
    source="captures of creations",
    month="2026-08",
    sure="captured",
)
@pytest.mark.parametrize("text", ["Hi 👋", "Hi\nthere", "*Hi*", "5 * 3", "_Hi_ there", "`Hi`"])
def test_headers(inside: Inside, text: str) -> None:
    found = refused(inside, {"type": "HEADER", "format": "TEXT", "text": text}, body("x"))
    assert (found[0], found[2]) == (2388072, HEADER_TEXT)


@fact(
    "footers refuse line breaks and emoji: 2388073",
    source="two captures of the sentence; Meta's table of codes",
    month="2026-09",
    sure="captured",
)
@pytest.mark.parametrize("text", ["Bye 👋", "Bye\nbye"])
def test_footers(inside: Inside, text: str) -> None:
    found = refused(inside, body("x"), {"type": "FOOTER", "text": text})
    assert found == (
        2388073,
        "Message footer format is incorrect",
        "The message footer can't have any newlines or emojis",
    )


@fact(
    "missing samples are 2388043 with the component's type, for text, media headers and buttons alike",
    source="captures of creations",
    month="2026-08",
    sure="captured",
)
@pytest.mark.parametrize(
    ("kind", "components"),
    [
        ("BODY", [body("Hello {{1}}, how are you?")]),
        ("HEADER", [{"type": "HEADER", "format": "TEXT", "text": "Hi {{1}}"}, body("x")]),
        *[
            ("HEADER", [{"type": "HEADER", "format": sort}, body("x")])
            for sort in ("IMAGE", "VIDEO", "GIF", "DOCUMENT")
        ],
        ("BUTTONS", [body("x"), buttons({**URL, "example": None})]),
        ("BUTTONS", [body("x"), buttons({"type": "COPY_CODE"})]),
    ],
)
def test_missing_samples(inside: Inside, kind: str, components: list[dict[str, Any]]) -> None:
    told = f"component of type {kind} is missing expected field(s) (example)"
    assert refused(inside, *components) == (2388043, MISSING, told)


@fact(
    "an authentication template's body with a text is 2388042",
    source="capture of 27 February 2026",
    month="2026-02",
    sure="captured",
)
def test_unexpected_fields(inside: Inside) -> None:
    otp = buttons({"type": "OTP", "otp_type": "COPY_CODE", "text": "Copy"})
    title = 'Message template "components" param contains unexpected field(s)'
    told = "component of type BODY has unexpected field(s) (text)"
    assert refused(inside, body("x"), otp, category="AUTHENTICATION") == (2388042, title, told)


@fact(
    "a phone number that is none is code 192, with its place",
    source="capture of 27 February 2026",
    month="2026-02",
    sure="captured",
)
@pytest.mark.parametrize("number", ["12", "", None, "call me", "+39 333 123 4567 8901 23"])
def test_phone_numbers(inside: Inside, number: str | None) -> None:
    call = {"type": "PHONE_NUMBER", "text": "Call", "phone_number": number}
    error = create(inside, BODY, {"type": "FOOTER", "text": "Bye"}, buttons(QUICK, call))["error"]
    assert error["code"] == 192
    assert error["message"] == "(#192) Param components[2]['buttons'][1]['phone_number'] is not a valid phone number."
    assert "error_subcode" not in error


@fact(
    "an address that is none is code 100, with its place",
    source="captures of creations (two public lists of refusals)",
    month="2026-09",
    sure="captured",
)
@pytest.mark.parametrize("url", ["s.example", "https://s.example/a b", "https://s.example/{{1}", "", None])
def test_addresses(inside: Inside, url: str | None) -> None:
    error = create(inside, body("x"), buttons({**URL, "url": url}))["error"]
    assert error["message"] == "(#100) Param components[1]['buttons'][0]['url'] is not a valid URI."


def test_the_place_in_a_card(inside: Inside) -> None:
    picture = {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": [handle(inside)]}}
    good, bad = (
        {"components": [picture, body("Limes."), buttons({**URL, "url": url, "example": "x"})]}
        for url in ("https://s.example/", "s.example")
    )
    error = create(inside, body("x"), {"type": "CAROUSEL", "cards": [good, bad]}, category="MARKETING")["error"]
    place = "components[1]['cards'][1]['components'][2]['buttons'][0]['url']"
    assert error["message"] == f"(#100) Param {place} is not a valid URI."


@fact(
    "titles for people are in sentence case",
    source="captures of August to October 2026",
    month="2026-10",
    sure="captured",
)
def test_titles_are_in_sentence_case(inside: Inside) -> None:
    create(inside, body("x"))
    for components in (
        [body("x")],
        [body("x" * 1025)],
        [body("Hello {{2}} and {{3}} there you are", "a", "b")],
        [body("x"), buttons({**URL, "url": "https://wa.me/39333"})],
        [{"type": "HEADER", "format": "TEXT", "text": "{{1}} {{2}}"}, body("x")],
    ):
        title = refused(inside, *components)[1]
        assert title[0].isupper()
        assert title[1:] == title[1:].lower() or "WhatsApp" in title


@pytest.mark.parametrize(("text", "count"), [("0123456789#*₹—→©", 0), ("🙏🙏", 2), ("❤️", 1), ("©️", 1), ("אבג ابج", 0)])
def test_what_an_emoji_is(text: str, count: int) -> None:
    assert emojis(text) == count


@pytest.mark.parametrize(
    ("text", "formatted"),
    [("*a*", True), ("a *b c* d", True), ("`a", True), ("a * b * c", False), ("a_b", False), ("5*", False)],
)
def test_what_formatting_is(text: str, formatted: bool) -> None:  # noqa: FBT001  # an expectation
    assert is_formatted(text) is formatted


@pytest.mark.parametrize(("text", "bare"), [("«{{1}}»!", "{{1}}"), (" *a* ", "a"), ("₹5", "₹5"), ("...", "")])
def test_what_stands_between_punctuation(text: str, bare: str) -> None:
    assert without_punctuation(text) == bare
