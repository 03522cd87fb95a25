"""JSON as the standard has it: Python's reader also takes NaN, Infinity and numbers that overflow to them."""

import json
import math
from typing import Any, NoReturn

from starlette.responses import JSONResponse


def parse_json(raw: bytes | str) -> Any:  # noqa: ANN401  # any JSON value
    """Raises ValueError for what is not JSON, not UTF-8, nested too deeply or no finite number."""
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
