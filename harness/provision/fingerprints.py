"""How many rows a table has and a checksum over them, to prove that nobody else's changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from psycopg import sql

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.provision.catalogue import Catalogue
    from harness.provision.database import Database
    from harness.provision.table_name import TableName


class Fingerprint(NamedTuple):
    """`checksum`: the sum of the rows' 64-bit hashes, whatever their order."""

    rows: int
    checksum: int


Fingerprints = dict["TableName", Fingerprint]
FINGERPRINT = """
SELECT count(*), coalesce(sum(hashtextextended(whole_row_::text, 0)), 0) FROM {} AS whole_row_ WHERE ({}) IS NOT TRUE
"""


def take(database: Database, catalogue: Catalogue, without: Mapping[TableName, sql.Composable]) -> Fingerprints:
    """Of every table that this role may read, leaving out the rows that meet the table's condition."""
    found = {}
    for name, table in catalogue.items():
        if table.readable:
            condition = without.get(name, sql.SQL("FALSE"))
            rows, checksum = database.rows(sql.SQL(FINGERPRINT).format(name.identifier, condition))[0]
            found[name] = Fingerprint(rows, int(checksum))
    return found


def differences(before: Fingerprints, after: Fingerprints) -> list[str]:
    """One line per table that is not as it was."""
    return [_difference(name, before[name], after[name]) for name in before if before[name] != after[name]]


def _difference(name: TableName, before: Fingerprint, after: Fingerprint) -> str:
    if before.rows == after.rows:
        return f"{name}: {before.rows} rows, some of them changed"
    return f"{name}: {before.rows} rows before, {after.rows} after"
