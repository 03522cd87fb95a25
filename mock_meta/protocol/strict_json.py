"""JSON as the standard has it: Python's reader also takes NaN, Infinity and numbers that overflow to them."""

import json
import math
from typing import Any, NoReturn

import msgspec
from starlette.responses import JSONResponse

_quick = msgspec.json.Decoder().decode


def parse_json(raw: bytes | str) -> Any:  # noqa: ANN401  # any JSON value
    """Raises ValueError for what is not JSON, not UTF-8, nested too deeply or no finite number.

    msgspec reads a send in a tenth of the time, and whatever it takes means the same to Python's reader. That one decides
    about the rest: lone surrogates and other Unicode encodings, which it takes, and everything else, which it explains.
    """
    try:
        return _quick(raw)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return parse_slowly(raw)


def parse_slowly(raw: bytes | str) -> Any:  # noqa: ANN401  # any JSON value
    """The same with Python's reader alone."""
    try:
        return json.loads(raw, parse_constant=_refuse, parse_float=_finite)
    except RecursionError as problem:
        raise ValueError("nested too deeply") from problem


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text} is out of range")
    return value


class AsciiJson(JSONResponse):
    """A response that can carry lone surrogates, which a deployment may send and UTF-8 cannot hold."""

    def render(self, content: Any) -> bytes:  # noqa: ANN401  # any JSON value
        return json.dumps(content, ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode("ascii")


def decoded(value: object) -> object:
    """Graph takes objects and arrays as JSON text too; any other value is returned as it is."""
    if isinstance(value, str) and value[:1] in {"{", "["}:
        try:
            return parse_json(value)
        except ValueError:
            return value
    return value
