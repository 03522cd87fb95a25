"""The small verifiers every rule is made of. ``param`` is the place as Meta prints it: ``text['body']``."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from mock_meta.protocol.errors import GraphError, invalid, refuse
from mock_meta.protocol.strict_json import decoded

Object = Mapping[str, Any]
ANY_LENGTH = 1 << 20  # where no limit is known
_FLAGS = frozenset({"true", "false", "0", "1"})


def member(param: str, name: str) -> str:
    return f"{param}['{name}']" if param else name


def required(param: str) -> GraphError:
    return invalid(f"The parameter {param} is required.")


def object_at(parent: Object, name: str, param: str) -> Object:
    """The object member, or a refusal when it is absent or something else."""
    value = parent.get(name)
    if value is None:
        raise required(member(param, name))
    return as_object(value, member(param, name))


def as_object(value: object, param: str) -> Object:
    if not isinstance(value, Mapping):
        raise invalid(f"Param {param} must be a JSON object.")
    return value


def array_at(parent: Object, name: str, param: str) -> Sequence[Any]:
    """An array, or JSON text of one, which Graph takes for it."""
    value = decoded(parent.get(name))
    if value is None:
        raise required(member(param, name))
    if not isinstance(value, list):
        raise invalid(f"Param {member(param, name)} must be an array.")
    return value


def only(value: Object, allowed: Collection[str], param: str) -> None:
    """Graph refuses members it does not know inside a message's objects."""
    for name in value:
        if name not in allowed:
            raise invalid(f'Unexpected key "{name}" on param "{param}".')


def text_at(parent: Object, name: str, param: str, longest: int) -> str:
    """A required, non-empty string of at most ``longest`` characters."""
    value = parent.get(name)
    here = member(param, name)
    if value is None or value == "":
        raise required(here)
    return bounded(value, here, longest)


def optional_text(parent: Object, name: str, param: str, longest: int) -> str | None:
    value = parent.get(name)
    return None if value is None else bounded(value, member(param, name), longest)


def bounded(value: object, param: str, longest: int) -> str:
    if not isinstance(value, str):
        raise invalid(f"Param {param} must be a string.")
    if len(value) > longest:
        raise invalid(f"Param {param} must be at most {longest} characters long.")
    return value


def optional_flag(parent: Object, name: str, param: str) -> None:
    """Graph takes booleans as such, as 0 and 1, and as text in any case."""
    value = parent.get(name)
    if value is not None and (not isinstance(value, int | str) or str(value).lower() not in _FLAGS):
        raise invalid(f"Param {member(param, name)} must be a boolean.")


def one_of(value: object, allowed: Sequence[str], param: str) -> str:
    """The allowed name that is meant. Graph prints names in capitals and takes them in any case."""
    if isinstance(value, str):
        if value in allowed:
            return value
        for name in allowed:
            if name.lower() == value.lower():
                return name
    if value is None:
        raise required(param)
    listed = ", ".join(sorted(name.upper() for name in allowed))
    raise invalid(f'Param {param} must be one of {{{listed}}} - got "{printed(value)}".')


def printed(value: object) -> str:
    """A value as a refusal repeats it. What is nested is named only: it may be deeper than Python can print."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, str | int | float) else "Array"


def link(value: object, param: str) -> str:
    """An absolute http(s) URL; whether it can be fetched shows later, by webhook."""
    text = bounded(value, param, 4096)
    if not _is_web_address(text):
        raise invalid(f"Param {param} is not a valid URI.")
    return text


def _is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return False
    absolute = parts.scheme in {"http", "https"} and bool(parts.hostname) and port != 0
    return absolute and not any(letter.isspace() for letter in text)


def wrong_value(details: str) -> GraphError:
    """131009, the code of the interactive limits (4.4)."""
    return refuse(131009, details)


def limited(parent: Object, name: str, param: str, label: str, longest: int) -> str:
    """A required text of an interactive message, whose length 131009 judges; ``label`` is what Meta calls it."""
    value = parent.get(name)
    if value is None:
        raise required(member(param, name))
    if not isinstance(value, str):
        raise invalid(f"Param {member(param, name)} must be a string.")
    if not value.strip() or len(value) > longest:
        raise wrong_value(f"{label} invalid. Min length: 1, Max length: {longest}")
    return value


def counted(items: Sequence[Any], what: str, most: int, least: int = 1) -> None:
    if not least <= len(items) <= most:
        raise wrong_value(f"Invalid {what} count. Min allowed {what}: {least}, Max allowed {what}: {most}")


def unique(values: Sequence[Any], text: str) -> None:
    if len(set(values)) != len(values):
        raise wrong_value(text)
