"""Check files are small and name their clauses; steps prepare, expectations and checks judge."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from conformance import wacrm
from harness import traceability

WACRM = Path(wacrm.__file__).parent
CHECKS = sorted((WACRM / "checks").glob("test_*.py"))
STEPS = sorted((WACRM / "steps").glob("*.py"))
VERDICTS = {
    "Mismatch",
    "status",
    "error",
    "error_code",
    "data",
    "record",
    "rows",
    "member",
    "equal",
    "same_members",
    "that",
}
"""What of `expect` ends in a Mismatch."""
KNOWN = {"broadcasts": {"that", "member"}}
"""Steps that still raise a Mismatch: for the shape of a broadcast's counts."""


@cache
def clauses_by_file() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for clause, checks in traceability.checks_by_clause().items():
        for check in checks:
            found.setdefault(check.partition("::")[0], set()).add(clause)
    return found


def clauses_named(first_line: str) -> set[str]:
    """`BCAST-07 to -10, -13: the counts.` as a set of ids."""
    group, numbers = re.fullmatch(r"([A-Z]+)-(\d\d(?:(?:, -| to -)\d\d)*): .+", first_line).groups()  # type: ignore[union-attr]
    found: set[str] = set()
    for part in numbers.split(", -"):
        first, _, last = part.partition(" to -")
        found |= {f"{group}-{number:02d}" for number in range(int(first), int(last or first) + 1)}
    return found


@pytest.mark.parametrize("path", CHECKS, ids=lambda path: path.name)
def test_the_first_line_names_the_files_clauses(path: Path) -> None:
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    assert clauses_named(docstring.splitlines()[0]) == clauses_by_file()[path.name]


@pytest.mark.parametrize("path", [*CHECKS, *STEPS], ids=lambda path: path.name)
def test_a_file_has_at_most_300_lines(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 300


@pytest.mark.parametrize("path", STEPS, ids=lambda path: path.name)
def test_steps_raise_no_mismatch(path: Path) -> None:
    """A step is a precondition: when it fails, the check that needed it has no verdict."""
    used = {
        node.attr
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "expect"
    }
    imported = {
        alias.name
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("conformance.target")
        for alias in node.names
    }
    assert (used | imported) & VERDICTS <= KNOWN.get(path.stem, set())
