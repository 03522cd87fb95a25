from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg.types.json import Jsonb

from harness.provision import statements
from harness.provision.statements import NOW, Hidden, Terms
from harness.provision.table_name import TableName

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.harness.provision.conftest import Server

USER = TableName("public", "user")


@pytest.fixture
def connection(server: Server) -> Iterator[psycopg.Connection]:
    with psycopg.connect(server.url("postgres")) as connection:
        yield connection


def test_values_are_sent_beside_the_statement(connection: psycopg.Connection) -> None:
    term = Terms(connection, shown=False)
    text = statements.insert(USER, [{"id": "1", "token": Hidden("secret", "token"), "at": NOW}], term)
    assert text == 'INSERT INTO "public"."user"\n  ("id", "token", "at")\nVALUES\n  (%s, %s, now())'
    assert term.values == ["1", "secret"]


def test_a_shown_statement_names_what_is_hidden(connection: psycopg.Connection) -> None:
    term = Terms(connection, shown=True)
    text = statements.update(USER, {"token": Hidden("secret", "token"), "data": Jsonb([1])}, {"id": "it's"}, term)
    assert text == (
        'UPDATE "public"."user"\nSET "token" = <token>, "data" = \'[1]\'::jsonb\nWHERE "id" = \'it\'\'s\'\n'
        '  AND ("token" IS DISTINCT FROM <token> OR\n       "data" IS DISTINCT FROM \'[1]\'::jsonb)'
    )
    assert "secret" not in repr(Hidden("secret", "token"))


def test_lines_are_broken_between_values_only(connection: psycopg.Connection) -> None:
    row = {f"column_{n}": "some words, with a comma" for n in range(9)}
    text = statements.insert(USER, [row], Terms(connection, shown=True))
    assert all(len(line) < 80 for line in text.splitlines())
    assert text.count("'some words, with a comma'") == 9
