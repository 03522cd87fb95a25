"""Which rows of a database belong to given accounts and users: SQL conditions, derived from the catalogue.

A row belongs to the account that its account column names (a foreign key to the accounts, or `account_id` of their id's
type). Without such a column it belongs to whom the rows belong that it refers to, all of them; and where no account is to be
reached, to its user. So a row of somebody else never counts as ours, whatever of ours it refers to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg import sql

from harness.provision.tenants import one_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from harness.provision.catalogue import Catalogue, Table
    from harness.provision.shapes import Shape
    from harness.provision.table_name import TableName

Condition = sql.Composable


class Ownership:
    """Conditions on rows of one database, for the accounts and users with these ids."""

    def __init__(self, catalogue: Catalogue, shape: Shape, accounts: Collection[str], users: Collection[str]) -> None:
        self._catalogue = catalogue
        self._accounts, self._users = shape.accounts.table, shape.users.table
        self._ids = {self._accounts: accounts, self._users: users}
        self.conditions: Mapping[TableName, Condition] = {
            name: condition for name in catalogue if (condition := self._condition(name)) is not None
        }
        """By table; a table without one belongs to nobody in particular."""

    def _condition(self, name: TableName) -> Condition | None:
        if name in self._ids:
            return sql.SQL("id IN {}").format(one_of(self._ids[name]))
        of_account = self._reach(name, self._accounts, "account_id", frozenset())
        return of_account or self._reach(name, self._users, "user_id", frozenset())

    def _reach(self, name: TableName, root: TableName, column: str, path: frozenset[TableName]) -> Condition | None:
        """The condition on rows that lead to ours in `root`, without passing through the tables of `path`."""
        table = self._catalogue[name]
        if direct := self._direct(table, root, column):
            return _all_ours([(sql.Identifier(c), one_of(self._ids[root])) for c in direct])
        path |= {name}
        links = []
        for key in table.foreign_keys:
            if key.parent not in {*self._ids, *path} and key.parent in self._catalogue:
                condition = self._reach(key.parent, root, column, path)
                if condition is not None:
                    child, parent = _tuple(key.columns), _tuple(key.parent_columns)
                    rows = sql.SQL("(\n  SELECT {} FROM {} WHERE {})").format(parent, key.parent.identifier, condition)
                    links.append((child, rows))
        return _all_ours(links) if links else None

    def _direct(self, table: Table, root: TableName, column: str) -> list[str]:
        """The columns that name a row of `root`: `column`, if it does; otherwise those with a foreign key to it."""
        keys = [key.columns[0] for key in table.foreign_keys if key.parent == root and key.parent_columns == ("id",)]
        elsewhere = {c for key in table.foreign_keys if key.parent != root for c in key.columns}
        given = table.columns.get(column)
        if given and column not in elsewhere and given.type == self._catalogue[root].columns["id"].type:
            return [column]
        return keys


def _all_ours(links: Sequence[tuple[Condition, Condition]]) -> Condition:
    """At least one link is set, and those that are set lead to ours. NULL counts as not ours."""
    if len(links) == 1:
        return sql.SQL("{} IN {}").format(*links[0])
    ours = [sql.SQL("({0} IN {1} OR {0} IS NULL)").format(*link) for link in links]
    some = sql.SQL("({})").format(sql.SQL(" OR ").join(sql.SQL("{} IS NOT NULL").format(child) for child, _ in links))
    return sql.SQL("(") + sql.SQL("\n  AND ").join([*ours, some]) + sql.SQL(")")


def _tuple(columns: tuple[str, ...]) -> Condition:
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    return names if len(columns) == 1 else sql.SQL("({})").format(names)
