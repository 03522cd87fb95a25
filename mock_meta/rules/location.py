"""Places on a map: in a location message, in a template's header (fact sheet 5.4, 6)."""

import re

from mock_meta.protocol.errors import invalid
from mock_meta.rules.value_checks import ANY_LENGTH, Object, as_object, member, only, optional_text, required

_DECIMAL = re.compile(r"\s*[+-]?[0-9.]+\s*")


def check_location(value: object, param: str) -> None:
    """Degrees may come as numbers or as text; what they are called is up to the sender."""
    location = as_object(value, param)
    only(location, {"latitude", "longitude", "name", "address"}, param)
    _check_degrees(location, "latitude", param, 90)
    _check_degrees(location, "longitude", param, 180)
    for name in ("name", "address"):
        optional_text(location, name, param, ANY_LENGTH)


def _check_degrees(location: Object, name: str, param: str, most: int) -> None:
    value = location.get(name)
    if value is None or value == "":
        raise required(member(param, name))
    number = _number(value)
    if number is None or not abs(number) <= most:
        raise invalid(f"Param {member(param, name)} must be a number between -{most} and {most}.")


def _number(value: object) -> float | None:
    if isinstance(value, bool) or (isinstance(value, str) and not _DECIMAL.fullmatch(value)):
        return None
    try:
        return float(value) if isinstance(value, int | float | str) else None
    except (ValueError, OverflowError):
        return None
