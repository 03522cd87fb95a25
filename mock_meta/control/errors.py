"""What the control says to mistakes: one sentence with the place, and what was probably meant."""

import difflib
from collections.abc import Iterable, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError


class ControlError(Exception):
    """One clear sentence for the caller, with the status to answer."""

    def __init__(self, sentence: str, status: int = 400) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.status = status


def not_found(what: str, name: str, known: Iterable[str] = ()) -> ControlError:
    return ControlError(f"no {what} {name!r}{suggestion(name, known)}", 404)


def suggestion(name: str, known: Iterable[str]) -> str:
    """``; did you mean 'x'?``, or the choices when nothing is near, or nothing when there are none."""
    names = sorted(str(one) for one in known)
    near = difflib.get_close_matches(name, names, 1, 0.6)
    if near:
        return f"; did you mean {near[0]!r}?"
    return f"; known: {', '.join(names)}" if names else ""


def explain(problem: ValidationError, model: type[BaseModel]) -> ControlError:
    """What is wrong with a body, in one sentence; a misspelt member before the one that is missing for it."""
    errors = problem.errors()
    first = next((error for error in errors if error["type"] == "extra_forbidden"), errors[0])
    place = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        name = str(first["loc"][-1])
        return ControlError(f"unknown member {place!r}{suggestion(name, _members(model, first['loc'][:-1]))}")
    sentence = str(first["msg"]).removeprefix("Value error, ")
    return ControlError(f"{place or 'body'}: {sentence[:1].lower()}{sentence[1:]}")


def _members(model: type[BaseModel], path: Sequence[str | int]) -> Iterable[str]:
    """The members allowed at a place, found by following the schema; all known members when that fails."""
    schema = model.model_json_schema()
    node: Any = schema
    for part in path:
        node = _resolve(node, schema)
        node = node.get("items", {}) if isinstance(part, int) else node.get("properties", {}).get(part, {})
    return list(_resolve(node, schema).get("properties", {}))


def _resolve(node: Any, schema: Any) -> Any:  # noqa: ANN401  # JSON schema
    options = [node, *node.get("anyOf", [])]
    for option in options:
        if "$ref" in option:
            return schema["$defs"][option["$ref"].rpartition("/")[2]]
    return next((option for option in options if "items" in option or "properties" in option), node)
