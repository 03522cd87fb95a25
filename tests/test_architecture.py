"""The import rules of ARCHITECTURE.md, and other properties of the tree that no type checker sees."""

from __future__ import annotations

import ast
import statistics
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.rooms import MAY_IMPORT, PACKAGES

ROOT = Path(__file__).parent.parent
LOCUST = {"locust", "gevent"}
LONGEST_FILE = 300
LONGEST_FUNCTION = 50


def sources(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@cache
def modules() -> dict[str, Path]:
    return {module_name(path): path for package in PACKAGES for path in sources(package)}


def imported(path: Path) -> set[str]:
    """Dotted names of what a module imports, at any depth; modules of this project as modules."""
    found = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= (names & set(modules())) or {node.module}
            found |= {node.module} if names - set(modules()) else set()
    return found - {module_name(path)}


def room_of(module: str) -> str:
    """The room that a module belongs to: the longest entry of the table that its name begins with."""
    fitting = [room for room in MAY_IMPORT if f"{module}.".startswith(f"{room}.")]
    assert fitting, f"{module} is in no room: give it one in tests/rooms.py"
    return max(fitting, key=len)


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_a_room_imports_what_it_may(room: str) -> None:
    for module, path in modules().items():
        if room_of(module) != room:
            continue
        others = {room_of(name) for name in imported(path) & set(modules())} - {room}
        refused = others - MAY_IMPORT[room]
        assert not refused, f"{module} imports from {sorted(refused)}, which tests/rooms.py does not allow to {room}"


def test_rooms_import_downward() -> None:
    try:
        TopologicalSorter(MAY_IMPORT).prepare()
    except CycleError as error:
        pytest.fail(f"rooms import each other: {' -> '.join(error.args[1])}")


def test_modules_import_downward() -> None:
    graph = {module: imported(path) & set(modules()) for module, path in modules().items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"modules import each other: {' -> '.join(error.args[1])}")


def test_locust_stays_in_loadtests() -> None:
    """Locust patches the standard library on import, so no other process may import it (ARCHITECTURE.md)."""
    for module, path in modules().items():
        if not module.startswith("loadtests"):
            assert not {name for name in imported(path) if name.partition(".")[0] in LOCUST}, path


def test_tests_are_never_imported() -> None:
    for path in modules().values():
        assert not {name for name in imported(path) if name.partition(".")[0] == "tests"}, path


def test_nothing_binds_to_all_interfaces() -> None:
    for path in modules().values():
        if "checks" not in path.parts:  # checks name 0.0.0.0 as an address that must not be called
            calls = [node for node in ast.walk(tree(path)) if isinstance(node, ast.Call)]
            hosts = {ast.unparse(k.value) for call in calls for k in call.keywords if k.arg == "host"}
            assert not {"'0.0.0.0'", "'::'"} & hosts, path


def test_files_and_functions_stay_short() -> None:
    """No file over 300 lines, no function over 50, the median at most 8, nine of ten at most 25."""
    paths = [*modules().values(), *sources("tests")]
    long_files = [str(path.relative_to(ROOT)) for path in paths if len(path.read_text().splitlines()) > LONGEST_FILE]
    assert long_files == []
    functions = {
        f"{module_name(path)}.{node.name}": (node.end_lineno or node.lineno) - node.lineno + 1
        for path in paths
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert {name: lines for name, lines in functions.items() if lines > LONGEST_FUNCTION} == {}
    deciles = statistics.quantiles(functions.values(), n=10)
    assert statistics.median(functions.values()) <= 8
    assert deciles[8] <= 25
