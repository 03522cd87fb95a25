"""Codes, their HTTP statuses and what is said of the token (fact sheet 3.2, 3.3, 4.1)."""

import pytest

from mock_meta.protocol.errors import error_body, webhook_error
from tests.mock_meta.inside import PHONE, TOKEN, WABA, Inside

STATUSES = {
    401: (0, 104, 190),
    403: (10, 200, 210, 299, 368, 130497, 131005, 131031),
    404: (132001,),
    500: (3, 131000, 131016, 131045, 131057, 133000, 134102),
    503: (2, 133004),
    400: (1, 4, 33, 100, 300, 80007, 80008, 130429, 131008, 131056, 132000, 133016, 2593107, 999999),
}


@pytest.mark.parametrize(("status", "codes"), STATUSES.items())
def test_the_status_of_a_code(status: int, codes: tuple[int, ...]) -> None:
    assert {code: error_body(code).http for code in codes} == dict.fromkeys(codes, status)


def test_transient_codes_say_so() -> None:
    assert [code for code in (1, 2, 4, 100, 131000) if error_body(code).transient] == [1, 2, 4]


def test_the_version_is_told_once_the_token_was_read(inside: Inside) -> None:
    assert "facebook-api-version" not in inside.graph("GET", PHONE, token="nobody").headers
    inside.control("PUT", f"/accounts/{WABA}", {"token_state": "expired"})
    answer = inside.graph("GET", PHONE)
    assert (answer.json()["error"]["error_subcode"], answer.headers["facebook-api-version"]) == (463, "v21.0")
    assert answer.headers["www-authenticate"].startswith('OAuth "Facebook Platform" "invalid_token" "Error validating')


def test_a_connection_is_kept_unless_the_caller_closes_it(inside: Inside) -> None:
    asked = {"Authorization": f"Bearer {TOKEN}", "Connection": "close"}
    assert "connection" not in inside.request("GET", f"/v21.0/{PHONE}", headers=asked).headers
    assert inside.graph("GET", PHONE).headers["connection"] == "keep-alive"


@pytest.mark.parametrize(
    ("code", "message", "told"),
    [
        (
            130429,
            "(#130429) Rate limit hit",
            "Message failed to send because there were too many messages sent from this phone number in a short period of time",
        ),
        (131000, "(#131000) Something went wrong", "An unknown error occurred"),
        (131008, "(#131008) Required parameter is missing", None),
        (
            131030,
            "(#131030) Recipient phone number not in allowed list",
            "Recipient phone number not in allowed list: Add recipient phone number to recipient list and try again.",
        ),
        (131037, "(#131037) WhatsApp provided number needs display name approval before message can be sent.", None),
        (
            131048,
            "(#131048) Spam rate limit hit",
            (
                "Message failed to send because there are restrictions on how many messages can be sent from this phone number. "
                "This may be because too many previous messages were blocked or flagged as spam."
            ),
        ),
        (
            131056,
            "(#131056) (Business Account, Consumer Account) pair rate limit hit",
            (
                "Message failed to send because there were too many messages sent from this phone number to the same phone number "
                "in a short period of time."
            ),
        ),
        (132000, "(#132000) Number of parameters does not match the expected number of params", None),
        (132001, "(#132001) Template name does not exist in the translation", None),
        (132012, "(#132012) Parameter format does not match format in the created template", None),
        (132018, "(#132018) There's an issue with the parameters in your template", None),
        (133005, "(#133005) Two step verification PIN Mismatch", None),
        (133010, "(#133010) Account not registered", None),
        (190, "Invalid OAuth access token - Cannot parse access token", None),
        (104, "An access token is required to request this resource.", None),
    ],
)
def test_the_words_of_a_refusal(code: int, message: str, told: str | None) -> None:
    body = error_body(code)
    assert (body.message, body.details) == (message, told)


@pytest.mark.parametrize(
    ("code", "title", "told"),
    [
        (
            131047,
            "Re-engagement message",
            "Message failed to send because more than 24 hours have passed since the customer last replied to this number.",
        ),
        (131026, "Message undeliverable", "Message Undeliverable."),
        (
            131049,
            "This message was not delivered to maintain healthy ecosystem engagement.",
            "In order to maintain a healthy ecosystem engagement, the message failed to be delivered.",
        ),
    ],
)
def test_the_words_of_a_failed_status(code: int, title: str, told: str) -> None:
    error = webhook_error(code)
    assert (error["title"], error["message"], error["error_data"]) == (title, title, {"details": told})
