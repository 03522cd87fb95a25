"""One deployment's schema: a known shape laid over the catalogue, with what the operator supplied for unknown columns."""

from __future__ import annotations

import difflib
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.provision.errors import ProvisionError
from harness.provision.shapes import SHAPES, WHEN_REQUIRED, Fixed, Rows, Shape, Source

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from harness.provision.catalogue import Catalogue, Table
    from harness.provision.order import Given
    from harness.provision.table_name import TableName


@dataclass(frozen=True)
class Columns:
    """One table's columns that are written: from facts, or as given by the operator. `unknown` ones have no value."""

    table: TableName
    sources: dict[str, Source]
    given: dict[str, str]
    unknown: tuple[str, ...]

    def inserted(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """A whole row. Raises `ProvisionError` when a column has no value."""
        if self.unknown:
            raise ProvisionError(_unknown([self]))
        known = {"new_id": str(uuid.uuid4()), **facts}
        return {column: _value(source, known) for column, source in self.sources.items()} | self.given

    def repaired(self, facts: Mapping[str, Any], columns: Iterable[str]) -> dict[str, Any]:
        """The values that these columns should have, as far as the table has them and the operator gave no other."""
        return {c: _value(self.sources[c], facts) for c in columns if c in self.sources and c not in self.given}


@dataclass(frozen=True)
class Layout:
    shape: Shape
    users: Columns
    accounts: Columns
    profiles: Columns
    api_keys: Columns
    whatsapp_config: Columns
    message_templates: Columns


def choose(catalogue: Catalogue) -> Shape:
    """The shape whose users table is there. Raises `ProvisionError` that names what a third shape lacks."""
    owner = catalogue.get(SHAPES[0].accounts.table)
    owners = {key.parent for key in owner.foreign_keys if "owner_user_id" in key.columns} if owner else set()
    present = [shape for shape in SHAPES if shape.users.table in catalogue]
    present.sort(key=lambda shape: shape.users.table not in owners)
    if not present:
        known = " nor ".join(f"{shape.users.table} ({shape.title})" for shape in SHAPES)
        raise ProvisionError(
            f"This is no Wacrm database that the harness knows: it has neither a table {known}. Is it the right database? "
            "If the deployment keeps its users elsewhere: wacrm-harness provision --guided"
        )
    if lacking := list(_lacking(present[0], catalogue)):
        raise ProvisionError(
            f"The schema looks like {present[0].title}, but lacks {', '.join(lacking)}. Have all migrations run? "
            "If the deployment has other names for it: wacrm-harness provision --guided"
        )
    return present[0]


def _lacking(shape: Shape, catalogue: Catalogue) -> Iterable[str]:
    for rows in shape.tables:
        table = catalogue.get(rows.table)
        if table is None:
            yield f"table {rows.table}"
        else:
            yield from (f"column {rows.table}.{column}" for column in rows.needed if column not in table.columns)


def lay(shape: Shape, catalogue: Catalogue, given: Given) -> Layout:
    """The shape over the catalogue. Raises `ProvisionError` for columns that need a value nobody knows."""
    _check_given(shape, catalogue, given)
    columns = [_columns(rows, catalogue[rows.table], given.get(str(rows.table), {})) for rows in shape.tables]
    layout = Layout(shape, *columns)
    inserted = [c for c in columns if not shape.has_trigger or c not in (layout.accounts, layout.profiles)]
    if blocked := [c for c in inserted if c.unknown]:
        raise ProvisionError(_unknown(blocked))
    return layout


def _columns(rows: Rows, table: Table, given: dict[str, str]) -> Columns:
    optional = {column: source for column, source in rows.optional.items() if column in table.columns}
    needed = {name for name, column in table.columns.items() if column.required}
    filled = {name: WHEN_REQUIRED[name] for name in WHEN_REQUIRED if name in needed and name not in rows.needed}
    sources = {**filled, **rows.needed, **optional}
    return Columns(rows.table, sources, given, tuple(sorted(needed - set(sources) - set(given))))


def _check_given(shape: Shape, catalogue: Catalogue, given: Given) -> None:
    tables = {str(rows.table): catalogue[rows.table] for rows in shape.tables}
    for table, columns in given.items():
        if table not in tables:
            raise ProvisionError(f"--column {table}.…: rows are made in {', '.join(tables)} only.")
        for column in columns:
            if column not in tables[table].columns:
                close = difflib.get_close_matches(column, tables[table].columns, 1)
                meant = f" Did you mean {close[0]}?" if close else ""
                raise ProvisionError(f"--column {table}.{column}: the table has no such column.{meant}")


def _unknown(blocked: Sequence[Columns]) -> str:
    names = [f"{columns.table}.{column}" for columns in blocked for column in columns.unknown]
    flags = "\n".join(f"  --column {name}=VALUE" for name in names)
    return f"The database wants values that the harness does not know. Supply what suits a test account:\n{flags}"


def _value(source: Source, facts: Mapping[str, Any]) -> Any:  # noqa: ANN401 - whatever a column holds
    return source.value if isinstance(source, Fixed) else facts[source]
