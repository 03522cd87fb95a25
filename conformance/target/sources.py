"""Where a target's settings come from, and what is wrong with them, by file and line, variable or flag.

Later sources win: harness.toml, then `WACRM_<SECTION>_<NAME>` in the environment, then `--set section.name=value`.
pydantic checks the values. pydantic-settings would merge the sources, but forgets which one a value came from, ignores a
misspelled variable, and has every `Target` made in code read the environment; tomllib gives no lines.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from conformance.target.target import SettingsError, Target

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

PREFIX = "WACRM_"
CLOSE = 0.8
"""How alike two names are (difflib's ratio) of which one is taken for the other misspelled."""


@dataclass(frozen=True)
class Given:
    """A setting outside the file. `source` is the variable or flag; `name` is `section.name`."""

    source: str
    name: str
    value: str


def find(path: Path | None, environment: Mapping[str, str], overrides: Sequence[str] = ()) -> Target | None:
    """The target; None when neither a file nor a `target.base_url` names one. Raises `SettingsError`."""
    given = _given(environment, overrides)
    named = path is not None or any(one.name == "target.base_url" for one in given)
    return _merged(path, given) if named else None


def load(path: Path | None, environment: Mapping[str, str], overrides: Sequence[str] = ()) -> Target:
    """The target from all three sources. Raises `SettingsError`."""
    return _merged(path, _given(environment, overrides))


def _given(environment: Mapping[str, str], overrides: Sequence[str]) -> list[Given]:
    return [*_in_environment(environment), *map(_override, overrides)]


def _merged(path: Path | None, given: Sequence[Given]) -> Target:
    text = _read(path) if path else ""
    raw = _parse(path, text)
    for one in given:
        _put(raw, one)
    try:
        target = Target.model_validate(raw)
    except ValidationError as error:
        raise SettingsError(
            "\n".join(_explain(e, path, text, given) for e in error.errors(include_input=False))
        ) from None
    _refuse_twins(target, lambda location: _where(".".join(location), given) or _place(path, _line(text, location)))
    return target


def _refuse_twins(target: Target, where: Callable[[list[str]], str]) -> None:
    """A key that stands twice in one role: its budget would be spent twice. Of two roles, `/me` tells which is wrong."""
    seen: dict[tuple[str, str], str] = {}
    for key in target.keys.flat():
        first = seen.setdefault((key.role, key.secret), key.label)
        if first != key.label:
            location = _location(f"keys.{key}")
            raise SettingsError(f"{where(location)}keys.{key} is the same key as keys.{first}: list each key once")


def _location(setting: str) -> list[str]:
    """`keys.full[1]` as keys, full, 1; `keys.only:contacts:read` as keys, only, contacts:read."""
    names = re.fullmatch(r"(\w+)\.(\w+)(?:\[(\d+)\]|:(.+))?", setting)
    return [part for part in names.groups() if part is not None] if names else []


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: cannot be read ({error})") from None


def _parse(path: Path | None, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path}: not valid TOML: {error}") from None


def _in_environment(environment: Mapping[str, str]) -> list[Given]:
    """The settings among the variables. Raises `SettingsError` for one that looks like a setting and is none.

    `WACRM_URL` and `WACRM_KEY…` are what curl lines use.
    """
    sections = {name.upper(): name for name in Target.model_fields if name != "allow_hosts"}
    given = []
    for variable, value in environment.items():
        section, _, name = variable.removeprefix(PREFIX).partition("_")
        if not variable.startswith(PREFIX) or not name or section == "KEY":
            continue
        if close := difflib.get_close_matches(section, sections, 1, CLOSE):
            given.append(_known(Given(variable, f"{sections[close[0]]}.{name.lower()}", value)))
    return given


def _known(given: Given) -> Given:
    """The same, when there is such a setting and the variable is spelled as it. Raises `SettingsError`."""
    section = given.name.partition(".")[0]
    variables = [f"{PREFIX}{section}_{name}".upper() for name in _names([section])]
    if given.source not in variables:
        raise SettingsError(f"{given.source}: unknown setting{_meant(given.source, variables, CLOSE)}")
    return given


def _override(text: str) -> Given:
    name, equals, value = text.partition("=")
    if not equals or "." not in name:
        raise SettingsError(f"--set {text}: write section.name=value, for example target.limit=60")
    return Given(f"--set {name}", name.strip(), value.strip())


def _put(raw: dict[str, Any], given: Given) -> None:
    """The value in its section; in `keys`, where settings are lists, commas separate."""
    section, *fields = given.name.split(".", 2)
    holder = raw
    for part in [section, *fields[:-1]]:
        holder = holder.setdefault(part, {})
        if not isinstance(holder, dict):
            raise SettingsError(f"{given.source}: {part} is not a section")
    is_list = section == "keys" and len(fields) == 1
    holder[fields[-1]] = [part.strip() for part in given.value.split(",")] if is_list else given.value


def _explain(error: Any, path: Path | None, text: str, given: Sequence[Given]) -> str:  # noqa: ANN401 - pydantic's dict
    location = [str(part) for part in error["loc"]]
    name = ".".join(location)
    where = _where(name, given) or _place(path, _line(text, location))
    if error["type"] == "extra_forbidden":
        return f"{where}{name}: unknown setting{_suggestion(location)}"
    if error["type"] == "missing":
        return f"{where}{name}: missing; `wacrm-harness settings` prints a file with every setting"
    return f"{where}{name}: {error['msg'].removeprefix('Value error, ')}"


def _where(name: str, given: Sequence[Given]) -> str:
    """The last variable or flag that gave the setting, or the list that it is an item of."""
    found = [one.source for one in given if f"{name}.".startswith(f"{one.name}.")]
    return f"{found[-1]}: " if found else ""


def _place(path: Path | None, line: int | None) -> str:
    return f"{path}:{line}: " if line else f"{path}: " if path else ""


def _suggestion(location: Sequence[str]) -> str:
    *section, name = location
    return _meant(name, _names(section), 0.5, prefix="".join(f"{part}." for part in section))


def _names(section: Sequence[str]) -> list[str]:
    """The settings of a section, or the sections."""
    model: Any = Target
    for part in section:
        annotation = model.model_fields[part].annotation
        model = next((a for a in getattr(annotation, "__args__", [annotation]) if hasattr(a, "model_fields")), model)
    return list(model.model_fields)


def _meant(name: str, known: Sequence[str], alike: float, prefix: str = "") -> str:
    close = difflib.get_close_matches(name, known, 1, alike)
    return f"; did you mean {prefix}{close[0]}?" if close else ""


def place(path: Path | None, environment: Mapping[str, str], overrides: Sequence[str], setting: str) -> str:
    """`harness.toml:12: `, or the variable or flag, for a setting such as `keys.full[1]` or `keys.only:contacts:read`."""
    location = _location(setting)
    given = _where(".".join(location), _given(environment, overrides))
    return given or (_place(path, _line(_read(path), location)) if path else "")


def given_secrets(arguments: Sequence[str], environment: Mapping[str, str]) -> list[str]:
    """Values on the command line and in the environment that are secret, before anybody knows whether they are settings."""
    given = [(name, value) for argument in arguments for name, _, value in [argument.partition("=")]]
    given += [(name, value) for name, value in environment.items() if name.startswith(PREFIX)]
    secret = [value for name, value in given if re.search(r"key|secret|token", name, re.IGNORECASE)]
    return [part for value in secret for part in (value, *value.split(","))]


def _line(text: str, location: list[str]) -> int | None:
    """The line of the setting, or of the deepest part of its path that the file has; of a list's item, its own."""
    best = _line_of_name(text, location)
    if best is None or not location[-1].isdigit():
        return best
    values = "".join(text.splitlines(keepends=True)[best - 1 :])
    if not re.match(rf"\s*{re.escape(location[-2])}\s*=", values):
        return best
    items = list(re.finditer(r"""\"[^"\n]*\"|'[^'\n]*'""", values))[int(location[-1]) :]
    return best + (values[: items[0].start()].count("\n") if items else 0)


def _line_of_name(text: str, location: list[str]) -> int | None:
    names = [part for part in location if not part.isdigit()]
    section: list[str] = []
    best: tuple[int, int] | None = None
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[+([^\]]+)\]+", line):
            section = [part.strip(' "') for part in header[1].split(".")]
            here = section
        elif setting := re.match(r"""\s*["']?([\w:.-]+)["']?\s*=""", line):
            here = [*section, setting[1]]
        else:
            continue
        if names[: len(here)] == here and (best is None or len(here) > best[0]):
            best = (len(here), number)
    return best[1] if best else None
