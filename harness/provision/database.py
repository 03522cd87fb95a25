"""The deployment's PostgreSQL: one transaction, whose changes are shown or made."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import conninfo, errors, sql

from harness.provision import statements
from harness.provision.errors import ProvisionError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from harness.provision.table_name import TableName

CONNECT_SECONDS = 10
ESCAPES = "Inside the password, write @ : / # % as %40 %3A %2F %23 %25."
NO_URL = f"The database URL cannot be read. It looks like postgresql://role:password@host:5432/database. {ESCAPES}"
LIMITS = """
SET LOCAL lock_timeout = '10s'; SET LOCAL statement_timeout = '10min'; SET LOCAL row_security = off; SET LOCAL timezone = 'UTC'
"""
"""No wait for ever; a policy that hides rows is an error, not an answer with fewer rows; columns without zone hold UTC."""


class Database:
    """Statements within the transaction. `show` gets the text of every one that changed something."""

    def __init__(self, connection: psycopg.Connection[Any], show: Callable[[str], object]) -> None:
        self._connection, self._show = connection, show

    @property
    def place(self) -> str:
        """Database, host and role, for people."""
        info = self._connection.info
        return f"{info.dbname} on {info.host}:{info.port} as {info.user}"

    def commit(self) -> None:
        self._connection.commit()

    def rows(self, query: str | sql.Composed) -> list[tuple[Any, ...]]:
        text = sql.SQL(query) if isinstance(query, str) else query
        rows: list[tuple[Any, ...]] = self._connection.execute(text).fetchall()
        return rows

    def select(self, table: TableName, columns: Sequence[str], where: sql.Composable) -> list[tuple[Any, ...]]:
        names = sql.SQL(", ").join(map(sql.Identifier, columns))
        return self.rows(sql.SQL("SELECT {} FROM {} WHERE {}").format(names, table.identifier, where))

    def insert(self, table: TableName, rows: Sequence[Mapping[str, Any]]) -> int:
        """Add rows that have the same columns; their number."""
        return self._write(lambda term: statements.insert(table, rows, term)) if rows else 0

    def update(self, table: TableName, values: Mapping[str, Any], where: Mapping[str, Any]) -> int:
        """Set values; the number of rows that were different."""
        return self._write(lambda term: statements.update(table, values, where, term)) if values else 0

    def delete(self, rows: Mapping[TableName, sql.Composable]) -> dict[TableName, int]:
        """Delete the rows that meet each table's condition; how many.

        One statement: every condition sees the rows as they were, and foreign keys are checked after all are gone.
        """
        text = statements.delete(rows)
        found = dict(zip(rows, self.rows(text)[0], strict=True))
        if any(found.values()):
            self._show(text.as_string(self._connection) + ";\n")
        return found

    def _write(self, text: Callable[[statements.Terms], str]) -> int:
        term = statements.Terms(self._connection, shown=False)
        count = self._connection.execute(sql.SQL(text(term)), term.values or None).rowcount
        if count:
            self._show(text(statements.Terms(self._connection, shown=True)) + ";\n")
        return count


@contextmanager
def transaction(url: str, show: Callable[[str], object] = lambda _: None) -> Iterator[Database]:
    """A connection with one transaction, undone unless `Database.commit` was called. Raises `ProvisionError`.

    REPEATABLE READ: what the deployment does meanwhile is not mistaken for what this transaction did.
    """
    with _connected(url) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        try:
            connection.execute(sql.SQL(LIMITS))
            yield Database(connection, show)
        except psycopg.Error as error:
            raise ProvisionError(explain(error)) from None
        finally:
            if not connection.closed:
                connection.rollback()


def _connected(url: str) -> psycopg.Connection[Any]:
    parts = _parts(url)
    try:
        # A pooler between us and the server does not know the statements that psycopg would prepare.
        return psycopg.connect(
            url, connect_timeout=CONNECT_SECONDS, prepare_threshold=None, application_name="wacrm-harness"
        )
    except psycopg.OperationalError as error:
        said = str(error)
        if password := str(parts.get("password") or ""):
            said = said.replace(password, "***")
        raise ProvisionError(_no_connection(said, parts)) from None


def _parts(url: str) -> dict[str, Any]:
    """Host, port, user … of the URL. A password with an unescaped @ or / would be taken for some of them, and printed."""
    try:
        parts = conninfo.conninfo_to_dict(url)
    except psycopg.ProgrammingError:  # its message may quote the password
        raise ProvisionError(NO_URL) from None
    names = f"{parts.get('host') or ''}{parts.get('dbname') or ''}"
    if "@" in names or not str(parts.get("port") or "0").replace(",", "").isdecimal():
        raise ProvisionError(NO_URL)
    return parts


def _no_connection(said: str, parts: Mapping[str, Any]) -> str:
    where = f"{parts.get('host') or 'the local socket'}, port {parts.get('port') or 5432}"
    if "authentication failed" in said or "no password supplied" in said:
        role = parts.get("user") or "(none given)"
        return f"PostgreSQL at {where} refuses the password of role {role}. Correct the database URL. {ESCAPES}"
    return (
        f"No connection to PostgreSQL at {where}. Is the host right, does the server run, and may this machine reach it "
        f"(firewall, tunnel)? It said: {said.strip().splitlines()[0]}"
    )


BUSY = (
    "Something else writes to the same rows at this moment. Stop the run or the deployment's traffic, then call again."
)
HALF_MADE = (
    "{said}. Half of an earlier provisioning may stand in the way: `wacrm-harness provision --remove` "
    "takes it away; then provision again. Otherwise look at table {table}, constraint {constraint}."
)
SENTENCES: tuple[tuple[type[psycopg.Error], str], ...] = (
    (
        errors.InsufficientPrivilege,
        "{said}. Use the database URL of the role that owns the tables (on Supabase: postgres).",
    ),
    (errors.SerializationFailure, BUSY),
    (errors.LockNotAvailable, BUSY),
    (errors.DeadlockDetected, BUSY),
    (errors.NotNullViolation, "{table}.{column} needs a value. Supply one: --column {table}.{column}=VALUE"),
    (
        errors.CheckViolation,
        "Table {table} refuses a value (constraint {constraint}). Supply another: --column {table}.COLUMN=VALUE",
    ),
    (errors.UniqueViolation, HALF_MADE),
    (errors.ForeignKeyViolation, HALF_MADE),
    (errors.ReadOnlySqlTransaction, "The database is read-only, as a replica is. Use the URL of the primary server."),
    (errors.QueryCanceled, "One statement took longer than ten minutes. Call again when the database has less to do."),
    (errors.DataError, "The database refuses a value: {said}. Look at what --column supplies."),
)


def explain(error: psycopg.Error) -> str:
    """The sentence for an error of the server. Its DETAIL is left out: that quotes rows, with their tokens."""
    found = error.diag
    facts = {
        "said": found.message_primary or type(error).__name__, "table": found.table_name,
        "column": found.column_name, "constraint": found.constraint_name,
    }  # fmt: skip
    sentence = next((text for kind, text in SENTENCES if isinstance(error, kind)), "The database answers: {said}")
    return sentence.format_map(facts)
