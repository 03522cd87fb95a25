"""JSON Schema 2020-12 as the checks apply it: formats asserted, problems as one short line each."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError, best_match

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

Json = Any

_WIDTH = 120
_FORMATS = ("uuid", "date-time", "uri", "uri-reference")


def validator(schema: Mapping[str, Json]) -> Draft202012Validator:
    """A validator of `schema` that asserts `uuid`, `date-time`, `uri` and `uri-reference`."""
    return Draft202012Validator(schema, format_checker=_formats())


def problems(schema: Mapping[str, Json], instance: Json) -> list[str]:
    """What is wrong with `instance`: `$.data.phone: expected to match ^…$, got "0155"`, in the instance's order."""
    return [describe(error) for error in errors(schema, instance)]


def errors(schema: Mapping[str, Json], instance: Json) -> Iterator[ValidationError]:
    """The errors, those of an `anyOf` or `oneOf` replaced by the closest branch's."""
    for error in sorted(validator(schema).iter_errors(instance), key=lambda error: [str(part) for part in error.path]):
        yield _closest(error)


def describe(error: ValidationError) -> str:
    """One line: JSON path, expected, actual."""
    render = _EXPECTED.get(str(error.validator), _generic)
    return f"{error.json_path}: expected {render(error)}, got {_actual(error)}"


def _closest(error: ValidationError) -> ValidationError:
    if not error.context:
        return error
    return best_match(error.context) or error


def _actual(error: ValidationError) -> str:
    instance: Json = error.instance
    if error.validator == "required":
        return f"only {', '.join(sorted(instance)) or 'no members'}"
    if error.validator in {"minItems", "maxItems"}:
        return f"{len(instance)} items"
    if error.validator in {"minLength", "maxLength"}:
        return f"{len(instance)} characters"
    return shown(instance)


def shown(value: Json) -> str:
    """A JSON value on one line, cut at 120 characters."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _WIDTH else f"{text[:_WIDTH]}… ({len(text)} characters)"


def _missing(error: ValidationError) -> str:
    wanted: Json = error.validator_value
    instance: Json = error.instance
    return f"member {', '.join(name for name in wanted if name not in instance)}"


def _generic(error: ValidationError) -> str:
    return f"{error.validator} {shown(error.validator_value)}"


def _types(error: ValidationError) -> str:
    types: Json = error.validator_value
    return types if isinstance(types, str) else " or ".join(types)


_EXPECTED: Mapping[str, Callable[[ValidationError], str]] = {
    "required": _missing,
    "type": _types,
    "enum": lambda error: f"one of {shown(error.validator_value)[1:-1]}",
    "const": lambda error: shown(error.validator_value),
    "pattern": lambda error: f"to match {error.validator_value}",
    "format": lambda error: f"a {error.validator_value}",
    "minItems": lambda error: f"at least {error.validator_value} items",
    "maxItems": lambda error: f"at most {error.validator_value} items",
    "minLength": lambda error: f"at least {error.validator_value} characters",
    "maxLength": lambda error: f"at most {error.validator_value} characters",
    "minimum": lambda error: f"at least {error.validator_value}",
    "maximum": lambda error: f"at most {error.validator_value}",
}


@cache
def _formats() -> FormatChecker:
    """The checks that jsonschema brings. Raises KeyError when a package that one of them needs is not installed.

    Their regular expressions end with `$`, which lets a line break at the end pass; here it does not.
    """
    checker = FormatChecker(_FORMATS)
    checker.checkers = {name: (_on_one_line(check), raises) for name, (check, raises) in checker.checkers.items()}
    return checker


def _on_one_line(check: Callable[[object], bool]) -> Callable[[object], bool]:
    return lambda value: check(value) and not (isinstance(value, str) and value.endswith("\n"))


def is_uuid(value: str) -> bool:
    """Whether it is a UUID in its 36-character form."""
    return _formats().conforms(value, "uuid")
