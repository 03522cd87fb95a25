"""Entries as rows, and back."""

import pytest

from mock_meta.ledger.rows import REQUESTS, WEBHOOKS, request_of, webhook_of
from tests.mock_meta.ledger.test_ledger import entry, webhook


def test_the_columns_are_those_of_ledgers_that_are_kept() -> None:
    """A file of an earlier version is read and written on."""
    assert REQUESTS.create == (
        "CREATE TABLE IF NOT EXISTS requests (seq INTEGER PRIMARY KEY, at REAL, method TEXT, path TEXT, query TEXT, "
        "version TEXT, operation TEXT, scheme TEXT, token_known INTEGER, content_type TEXT, raw BLOB, "
        "phone_number_id TEXT, recipient TEXT, type TEXT, wamid TEXT, outcome TEXT, status INTEGER, error TEXT, "
        "problems TEXT, duration REAL);"
    )
    assert WEBHOOKS.create == (
        "CREATE TABLE IF NOT EXISTS webhooks (seq INTEGER PRIMARY KEY, at REAL, delivery INTEGER, attempt INTEGER, "
        "url TEXT, waba_id TEXT, signing TEXT, body BLOB, status INTEGER, error TEXT, duration REAL, answer TEXT, "
        "phone_number_id TEXT, field TEXT);"
    )


@pytest.mark.parametrize("to", [None, "+39 333", "\ud800"])
def test_a_request_comes_back_as_it_was(to: str | None) -> None:
    one = entry(1)
    one.to = to
    row = REQUESTS.row(one)
    assert request_of(row) == one
    assert all(isinstance(value, str | bytes | int | float | None) for value in row)


def test_a_webhook_comes_back_as_it_was() -> None:
    row = WEBHOOKS.row(webhook(1))
    assert WEBHOOKS.row(webhook_of(row)) == row
