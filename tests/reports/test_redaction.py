from __future__ import annotations

import io
import json
from urllib.parse import quote

import pytest

from reports.redaction import PLACEHOLDER, Redactor, redacted

KEY = "wacrm_live_Ab3/x+y=z"


@pytest.mark.parametrize(
    "shown", [KEY, f" {KEY} ", repr(KEY), quote(KEY, safe=""), json.dumps({"k": KEY}), f"b'Bearer {KEY} '"]
)
def test_a_secret_is_replaced_in_every_form(shown: str) -> None:
    text = Redactor([f"{KEY} "]).text(shown)
    assert "Ab3" not in text
    assert PLACEHOLDER in text


def test_what_is_too_short_is_no_secret() -> None:
    assert Redactor(["k"]).text("keys.full") == "keys.full"


def test_a_secret_that_holds_another_is_replaced_whole() -> None:
    assert Redactor(["abcd", "abcdefgh"]).text("abcdefgh") == PLACEHOLDER


def test_a_signing_secret_of_an_answer_is_replaced_wherever_it_stands() -> None:
    found = {"evidence": ["signed with 0123456789abcdef"], "body": '{"data": {"secret": "whsec_0123456789abcdef"}}'}
    told = json.dumps(Redactor().data(found))
    assert "0123456789abcdef" not in told
    assert "whsec_" in told


def test_a_signing_secret_without_its_prefix_is_known_by_its_name() -> None:
    assert "0123456789abcdef" not in Redactor().text(r"{\"secret\": \"0123456789abcdef\"}")


def test_a_sentence_about_signing_secrets_is_kept() -> None:
    sentence = 'expected a secret of whsec_ and at least 16 characters; actual {"secret": "whsec_mine"}'
    assert Redactor().text(sentence) == sentence


def test_credentials_of_an_address_that_was_given_are_replaced() -> None:
    redactor = Redactor()
    redactor.learn_credentials("target.base_url=http://user:hunter22@127.0.0.1/")
    assert redactor.text("http://user:hunter22@127.0.0.1/api") == f"http://{PLACEHOLDER}@127.0.0.1/api"


def test_data_keep_their_shape() -> None:
    assert Redactor([KEY]).data({"a": [1, None, True, KEY]}) == {"a": [1, None, True, PLACEHOLDER]}


def test_a_stream_writes_no_secret() -> None:
    inner = io.StringIO()
    stream = redacted(inner, Redactor([KEY]))
    print(f"key {KEY}", file=stream)
    stream.writelines([KEY])
    assert inner.getvalue() == f"key {PLACEHOLDER}\n{PLACEHOLDER}"
    assert not stream.isatty()
