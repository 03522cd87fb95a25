"""What counts as a leak in an error message, and what does not."""

from __future__ import annotations

import hashlib

import pytest

from conformance.target.keys import Key
from conformance.wacrm.steps.leaks import leaks

SECRET = "wacrm_live_AbCdEfGh0123456789AbCdEfGh0123456789AbCdEfG"
KEY = Key("full[0]", "full", SECRET)


@pytest.mark.parametrize(
    "message",
    [
        'Traceback (most recent call last):\\n  File "/srv/app/main.py", line 3',
        "TypeError: x is not a function\\n    at Object.handler (/app/.next/server/route.js:12:34)",
        "at async handler (file:///srv/wacrm/src/index.mjs:5:7)",
        "panic in handlers.go:42",
        'relation "contacts" does not exist',
        "SELECT * FROM contacts WHERE id = 1",
        'invalid input syntax for type uuid: "x"',
        "PGRST116: JSON object requested",
        "UNIQUE constraint failed: contacts.phone",
        "no such column: nme",
        "sqlite3.OperationalError",
        "cannot open /var/lib/wacrm/keys.db",
        "C:\\\\wacrm\\\\src\\\\index.js",
        "see src/lib/rate-limit.ts",
    ],
)
def test_internals_are_a_leak(message: str) -> None:
    assert list(leaks(f'{{"error": {{"code": "internal", "message": "{message}"}}}}'))


@pytest.mark.parametrize(
    "message",
    [
        "The request body is not valid JSON text.",
        "Unexpected token } in JSON at position 11",
        "Expecting value: line 1 column 1 (char 0)",
        "to must be an E.164 number such as +14155550123.",
        "body.recipients.0.to: Input should be a valid string",
        "This API key lacks the scope contacts:read.",
        "Select one of text, template, image from the documented types",
        "See https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes",
        "Keys look like wacrm_live_xxx",
        "(#132001) Template name does not exist in the translation",
        "No route for PUT /api/v1/contacts",
        "media_url must be an http(s) URL such as https://example.com/home/picture.png",
    ],
)
def test_ordinary_messages_are_no_leak(message: str) -> None:
    assert not list(leaks(f'{{"error": {{"code": "bad_request", "message": "{message}"}}}}', keys=[KEY]))


def test_repeating_the_request_is_no_leak() -> None:
    text = 'tag must be a UUID, not "/etc/passwd"'
    assert list(leaks(text))
    assert not list(leaks(text, sent="http://127.0.0.1/api/v1/contacts?tag=%2Fetc%2Fpasswd"))


@pytest.mark.parametrize(
    "shown", [SECRET, SECRET[:19], SECRET[-8:], hashlib.sha256(SECRET.encode()).hexdigest()], ids=range(4)
)
def test_a_key_is_a_leak_in_whole_and_in_part_even_if_it_was_sent(shown: str) -> None:
    found = list(leaks(f"the key {shown} is revoked", sent=shown, keys=[KEY]))
    assert found == ["the key full[0], or a part of it"]


def test_a_leak_does_not_print_the_secret() -> None:
    assert SECRET[:19] not in "".join(leaks(SECRET, keys=[KEY], secrets=[SECRET]))
