"""What each check of the gate asks for, read from its source: fixtures and the roles of keys."""

from __future__ import annotations

import ast
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.target.keys import Role

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

ROLES = {role.name: role.value for role in Role}
KINDS = ("only", "all_but")


@dataclass(frozen=True)
class Check:
    """`needs`: the names of all fixtures, those that they need included, and the roles of the keys that it names."""

    clause: str
    needs: frozenset[str]


def read(checks: Path, fixtures: Iterable[Path]) -> list[Check]:
    """Every check in `checks`; `fixtures` are modules with fixtures for all of them."""
    shared: dict[str, set[str]] = {}
    for path in fixtures:
        shared |= _fixtures(_functions(path))
    found = []
    for path in sorted(checks.glob("test_*.py")):
        functions = _functions(path)
        known = shared | _fixtures(functions)
        everywhere = _module_marks(path)
        found += [
            Check(clause, frozenset(_closure(_asked(function) | everywhere, known)))
            for function in functions
            for clause in _clauses(function)
        ]
    return found


def _functions(path: Path) -> list[ast.FunctionDef]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [node for node in tree.body if isinstance(node, ast.FunctionDef)]


def _fixtures(functions: Iterable[ast.FunctionDef]) -> dict[str, set[str]]:
    return {f.name: _asked(f) for f in functions if any("fixture" in ast.unparse(d) for d in f.decorator_list)}


def _asked(function: ast.FunctionDef) -> set[str]:
    """Its parameters, the fixtures of its marks, the roles that its body names."""
    marks = {name for decorator in function.decorator_list for name in _used(decorator)}
    return {argument.arg for argument in function.args.args} | marks | set(_roles(function.body))


def _used(node: ast.AST) -> Iterator[str]:
    """The names in every `usefixtures(…)` below the node."""
    for call in ast.walk(node):
        if isinstance(call, ast.Call) and ast.unparse(call.func).endswith("usefixtures"):
            yield from (str(ast.literal_eval(argument)) for argument in call.args)


def _module_marks(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {name for node in tree.body if isinstance(node, ast.Assign) for name in _used(node)}


def _roles(body: list[ast.stmt]) -> Iterator[str]:
    for node in (inner for statement in body for inner in ast.walk(statement)):
        match node:
            case ast.Attribute(value=ast.Name(id="Role"), attr=name) if name in ROLES:
                yield ROLES[name]
            case ast.Constant(value=str(text)) if text in KINDS or text in ROLES.values():
                yield text


def _clauses(function: ast.FunctionDef) -> Iterator[str]:
    for decorator in function.decorator_list:
        match decorator:
            case ast.Call(func=ast.Name(id="requirement"), args=[ast.Constant(value=str(clause))]):
                yield clause


def _closure(names: set[str], known: dict[str, set[str]]) -> set[str]:
    found: set[str] = set()
    left = set(names)
    while left:
        name = left.pop()
        found.add(name)
        left |= known.get(name, set()) - found
    return found


def by_clause(checks: Iterable[Check]) -> dict[str, list[Check]]:
    found: dict[str, list[Check]] = defaultdict(list)
    for check in checks:
        found[check.clause].append(check)
    return found
