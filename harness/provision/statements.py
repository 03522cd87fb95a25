"""SQL statements as text: with placeholders to execute, with values to read, where a secret is only named."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from psycopg import sql

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from psycopg import Connection

    from harness.provision.table_name import TableName

WIDTH = 79
NOW = sql.SQL("now()")


@dataclass(frozen=True)
class Hidden:
    """A value that a shown statement only names."""

    value: str = field(repr=False)
    label: str


class Terms:
    """Values of one statement. `shown` renders them; otherwise they become placeholders and are kept in `values`."""

    def __init__(self, connection: Connection[Any], *, shown: bool) -> None:
        self._connection, self._shown = connection, shown
        self.values: list[Any] = []

    def __call__(self, value: Any) -> str:  # noqa: ANN401 - whatever a column holds
        if isinstance(value, sql.Composable):
            return value.as_string(self._connection)
        if self._shown:
            return f"<{value.label}>" if isinstance(value, Hidden) else sql.Literal(value).as_string(self._connection)
        self.values.append(value.value if isinstance(value, Hidden) else value)
        return "%s"


def insert(table: TableName, rows: Sequence[Mapping[str, Any]], term: Terms) -> str:
    """One INSERT of rows that have the same columns."""
    tuples = [f"  ({_wrapped([term(value) for value in row.values()], 3)})" for row in rows]
    columns = _wrapped([_name(column) for column in rows[0]], 3)
    return f"INSERT INTO {table.identifier.as_string()}\n  ({columns})\nVALUES\n" + ",\n".join(tuples)


def update(table: TableName, values: Mapping[str, Any], where: Mapping[str, Any], term: Terms) -> str:
    """An UPDATE that touches a row only where it would change it."""
    changes = _wrapped([f"{_name(column)} = {term(value)}" for column, value in values.items()], 4)
    found = [f"{_name(column)} = {term(value)}" for column, value in where.items()]
    differs = " OR\n       ".join(f"{_name(column)} IS DISTINCT FROM {term(value)}" for column, value in values.items())
    condition = "\n  AND ".join([*found, f"({differs})"])
    return f"UPDATE {table.identifier.as_string()}\nSET {changes}\nWHERE {condition}"


def delete(rows: Mapping[TableName, sql.Composable]) -> sql.Composed:
    """A DELETE of several tables' rows, which answers with the counts in the order of the tables."""
    deletes, counts = [], []
    for number, (table, where) in enumerate(rows.items()):
        name = sql.Identifier(f"deleted_{number}")
        deletes.append(sql.SQL("{} AS (DELETE FROM {}\n  WHERE {} RETURNING 1)").format(name, table.identifier, where))
        counts.append(sql.SQL("(SELECT count(*) FROM {})").format(name))
    return sql.SQL("WITH {}\nSELECT {}").format(sql.SQL(",\n").join(deletes), sql.SQL(",\n  ").join(counts))


def _name(column: str) -> str:
    return sql.Identifier(column).as_string()


def _wrapped(items: Iterable[str], indent: int) -> str:
    """The items with commas, broken between them (never inside: a value may hold spaces) before the line is full."""
    lines: list[str] = [""]
    for item in items:
        if lines[-1] and indent + len(lines[-1]) + len(item) + 2 > WIDTH:
            lines[-1] = f"{lines[-1]},"
            lines.append("")
        lines[-1] += f", {item}" if lines[-1] else item
    return ("\n" + " " * indent).join(lines)
