"""Graph's ``fields=`` selection (fact sheet 3.1)."""

from collections.abc import Mapping, Sequence
from typing import Any

from mock_meta.protocol.errors import invalid


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


def select(node: Mapping[str, Any], asked: str | None, default: Sequence[str]) -> dict[str, Any]:
    """The node with the asked fields in the asked order; ``id`` is always there. Members that are None are left out.

    Raises GraphError 100 for a field the node does not have.
    """
    names = split_fields(asked) if asked else list(default)
    for name in names:
        if name not in node:
            raise invalid(f"Tried accessing nonexisting field ({name})")
    if "id" not in names:
        names.append("id")
    return {name: node[name] for name in names if node[name] is not None}
