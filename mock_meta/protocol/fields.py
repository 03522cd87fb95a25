"""Graph's ``fields=`` selection (fact sheet 3.1)."""

from collections.abc import Mapping, Sequence
from typing import Any

from mock_meta.protocol.errors import invalid
from mock_meta.protocol.strict_json import decoded


def split_fields(text: str) -> list[str]:
    """``a,b{c,d},e`` to ``a``, ``b``, ``e``: nested selections and ``.limit(n)`` are cut off."""
    names, depth, current = [], 0, ""
    for letter in text + ",":
        depth += (letter in "{(") - (letter in "})")
        if letter == "," and depth == 0:
            names.append(current)
            current = ""
        elif depth == 0 and letter not in "})":
            current += letter
    return [name.strip().partition(".")[0] for name in names if name.strip()]


def names_in(value: object) -> list[str]:
    """The names in a list, in a JSON text of one, or between commas: to Graph they mean the same (20.8)."""
    found = decoded(value)
    if isinstance(found, list):
        return [str(name).strip() for name in found]
    return split_fields(str(value)) if value is not None else []


def select(node: Mapping[str, Any], asked: str | None, default: Sequence[str]) -> dict[str, Any]:
    """The node with the asked fields in the asked order; ``id`` is always there. Members that are None are left out.

    Raises GraphError 100 for a field the node does not have.
    """
    names = names_in(asked) or list(default)
    for name in names:
        if name not in node:
            raise invalid(f"Tried accessing nonexisting field ({name})")
    if "id" not in names:
        names.append("id")
    return {name: node[name] for name in names if node[name] is not None}
