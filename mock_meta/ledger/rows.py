"""The ledger's two tables: a column for each field of an entry, in the fields' order; rows from entries, and back."""

import json
from collections.abc import Callable, Mapping
from typing import Any, get_args, get_origin, get_type_hints

import msgspec

from mock_meta.ledger.entries import AnyText, Outcome, RequestEntry, WebhookEntry, parsed_body
from mock_meta.ledger.subjects import Subjects

Row = tuple[Any, ...]
Convert = Callable[[Any], Any]


def storable(value: Any) -> Any:  # noqa: ANN401  # what SQLite takes
    """A value for SQLite, whose text is UTF-8: what that cannot hold is stored as bytes."""
    if not isinstance(value, str) or value.isascii():
        return value
    try:
        value.encode()
    except UnicodeEncodeError:
        return value.encode("utf-8", "surrogatepass")
    return value


def restored(value: Any) -> Any:  # noqa: ANN401  # what SQLite gives
    return value.decode("utf-8", "surrogatepass") if isinstance(value, bytes) else value


def _json(value: Any) -> str:  # noqa: ANN401  # any JSON value
    return json.dumps(value) if value else ""


class Column(msgspec.Struct, frozen=True):
    """One field of an entry: its name, its column as SQLite has it, and how values get there and back (None: unchanged)."""

    field: str
    sql: str
    store: Convert | None = None
    load: Convert | None = None


_NAMES = {"to": "recipient"}  # a word of SQL's own
_TYPES: Mapping[Any, tuple[str, Convert | None, Convert | None]] = {
    int: ("INTEGER", None, None),
    float: ("REAL", None, None),
    bytes: ("BLOB", None, None),
    str: ("TEXT", None, None),
    AnyText: ("TEXT", storable, restored),
    bool: ("INTEGER", int, bool),
    Outcome: ("TEXT", lambda outcome: outcome.value, Outcome),
    Mapping: ("TEXT", _json, lambda text: json.loads(text) if text else {}),
    list: ("TEXT", _json, lambda text: json.loads(text) if text else []),
}


def _column(name: str, hint: Any) -> Column:  # noqa: ANN401  # a type
    """``hint`` may be a union with None, and its JSON then has None for what is empty."""
    options = [one for one in get_args(hint) if one is not type(None)] if _is_optional(hint) else [hint]
    sql, store, load = _TYPES[options[0] if options[0] is AnyText else get_origin(options[0]) or options[0]]
    if store is _json and _is_optional(hint):
        load = _loaded_or_none
    return Column(name, f"{_NAMES.get(name, name)} {sql}{' PRIMARY KEY' if name == 'seq' else ''}", store, load)


def _is_optional(hint: Any) -> bool:  # noqa: ANN401  # a type
    return type(None) in get_args(hint)


def _loaded_or_none(text: str) -> Any:  # noqa: ANN401  # any JSON value
    return json.loads(text) if text else None


class Table:
    """One kind of entry in SQLite. ``computed`` fields are no columns: they follow from others."""

    def __init__(self, name: str, entry: type[msgspec.Struct], computed: frozenset[str] = frozenset()) -> None:
        hints = get_type_hints(entry, include_extras=True)
        names = [field for field in entry.__struct_fields__ if field not in computed]
        columns = [_column(field, hints[field]) for field in names]
        self._fields = names
        self._stored = [(place, one.store) for place, one in enumerate(columns) if one.store]
        self._loaded = [(one.field, one.load) for one in columns if one.load]
        self.create = f"CREATE TABLE IF NOT EXISTS {name} ({', '.join(one.sql for one in columns)});"
        self.insert = f"INSERT INTO {name} VALUES ({', '.join('?' * len(columns))})"  # noqa: S608  # names alone

    def row(self, entry: msgspec.Struct) -> Row:
        values = list(msgspec.structs.astuple(entry)[: len(self._fields)])
        for place, store in self._stored:
            values[place] = store(values[place])
        return tuple(values)

    def fields(self, row: Row) -> dict[str, Any]:
        """The fields of the entry that a row holds."""
        found = dict(zip(self._fields, row, strict=True))
        for name, load in self._loaded:
            found[name] = load(found[name])
        return found


REQUESTS = Table("requests", RequestEntry)
WEBHOOKS = Table("webhooks", WebhookEntry, frozenset({"subjects"}))


def request_of(row: Row) -> RequestEntry:
    return RequestEntry(**REQUESTS.fields(row))


def webhook_of(row: Row) -> WebhookEntry:
    fields = WEBHOOKS.fields(row)
    return WebhookEntry(**fields, subjects=Subjects(parsed_body(fields["body"])))
