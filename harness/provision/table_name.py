"""A table's name with its schema."""

from __future__ import annotations

from typing import NamedTuple

from psycopg import sql


class TableName(NamedTuple):
    schema: str
    name: str

    @property
    def identifier(self) -> sql.Identifier:
        return sql.Identifier(self.schema, self.name)

    def __str__(self) -> str:
        return self.name if self.schema == "public" else f"{self.schema}.{self.name}"
