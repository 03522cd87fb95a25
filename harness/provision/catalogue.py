"""What PostgreSQL says of itself: tables, columns, foreign keys."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.provision.table_name import TableName

if TYPE_CHECKING:
    from harness.provision.database import Database


@dataclass(frozen=True)
class Column:
    """`required`: NOT NULL, and nothing but the statement itself supplies a value."""

    name: str
    type: str
    required: bool


@dataclass(frozen=True)
class ForeignKey:
    columns: tuple[str, ...]
    parent: TableName
    parent_columns: tuple[str, ...]


@dataclass
class Table:
    """`readable`: all its rows, by this role."""

    name: TableName
    readable: bool
    columns: dict[str, Column] = field(default_factory=dict)
    foreign_keys: list[ForeignKey] = field(default_factory=list)


Catalogue = dict[TableName, Table]

COLUMNS = """
SELECT n.nspname, c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
       a.attnotnull AND NOT a.atthasdef AND a.attidentity = '',
       has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') AND NOT row_security_active(c.oid)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence <> 't'
      AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'
ORDER BY 1, 2, a.attnum
"""
FOREIGN_KEYS = """
SELECT n.nspname, c.relname, pn.nspname, p.relname,
       (SELECT array_agg(a.attname::text ORDER BY k.n) FROM unnest(f.conkey) WITH ORDINALITY k (num, n)
        JOIN pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = k.num),
       (SELECT array_agg(a.attname::text ORDER BY k.n) FROM unnest(f.confkey) WITH ORDINALITY k (num, n)
        JOIN pg_attribute a ON a.attrelid = f.confrelid AND a.attnum = k.num)
FROM pg_constraint f JOIN pg_class c ON c.oid = f.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
     JOIN pg_class p ON p.oid = f.confrelid JOIN pg_namespace pn ON pn.oid = p.relnamespace
WHERE f.contype = 'f' AND f.conparentid = 0
ORDER BY f.conname
"""


def read(database: Database) -> Catalogue:
    """Every table outside PostgreSQL's own schemas, whether this role may read it or not."""
    found: Catalogue = {}
    for schema, name, column, kind, required, readable in database.rows(COLUMNS):
        table = found.setdefault(TableName(schema, name), Table(TableName(schema, name), readable))
        table.columns[column] = Column(column, kind, required)
    for schema, name, parent_schema, parent, columns, parent_columns in database.rows(FOREIGN_KEYS):
        key = ForeignKey(tuple(columns), TableName(parent_schema, parent), tuple(parent_columns))
        if (child := TableName(schema, name)) in found:
            found[child].foreign_keys.append(key)
    return found
