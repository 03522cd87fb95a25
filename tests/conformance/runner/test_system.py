"""What is not in a system's own package knows no system, so that another one is added beside it and nothing is changed."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from conformance.runner import system
from conformance.wacrm.specification import OPENAPI
from reports.results import ExitCode

CONFORMANCE = Path(system.__file__).parents[1]
SETTINGS = CONFORMANCE / "target" / "target.py"
COMMON = [
    path
    for path in sorted(CONFORMANCE.rglob("*.py"))
    if path.relative_to(CONFORMANCE).parts[0] not in system.names() and path != SETTINGS
]
COLLECTIONS = sorted({operation.path.split("/")[1] for operation in OPENAPI.operations})
KNOWN = re.compile(rf"""/({"|".join(COLLECTIONS)})\b|wacrm_(live|test)|reference\.wacrm|conformance\.wacrm""")
CONTROL = {"/webhooks", "/messages"}
"""Paths that mock Meta's control interface has too."""


def code(path: Path) -> str:
    """The module without its docstrings and comments, which may give examples."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            node.value.value = ""
    return ast.unparse(tree)


@pytest.mark.parametrize("path", COMMON, ids=lambda path: str(path.relative_to(CONFORMANCE)))
def test_common_rooms_know_no_system(path: Path) -> None:
    found = {match[0] for match in KNOWN.finditer(code(path))}
    assert found - (CONTROL if path.name == "mock_client.py" else set()) == set()


def test_a_system_is_found_by_its_folder() -> None:
    assert "wacrm" in system.names()
    assert system.find("wacrm").checks.is_dir()
    with pytest.raises(system.UnknownSystemError, match=r"no system 'nothing'; there are .*wacrm"):
        system.find("nothing")


@pytest.mark.parametrize(("text", "name"), [("", "wacrm"), ('system = "wacrm"', "wacrm"), ("[[", "wacrm")])
def test_the_target_file_names_the_system(text: str, name: str, tmp_path: Path) -> None:
    file = tmp_path / "harness.toml"
    file.write_text(text)
    assert system.chosen(None, file).name == name
    assert system.chosen(None, None).name == name


def test_an_option_goes_before_the_file(tmp_path: Path) -> None:
    file = tmp_path / "harness.toml"
    file.write_text('system = "nothing"')
    assert system.chosen("wacrm", file).name == "wacrm"
    with pytest.raises(system.UnknownSystemError):
        system.chosen(None, file)


def test_another_system_needs_nothing_but_its_folder(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "tests.conformance.runner.other_system",
        "--system",
        "ping",
        "--out",
        str(tmp_path),
    ]
    done = subprocess.run(command, cwd=CONFORMANCE.parent, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == ExitCode.PROVED, done.stdout + done.stderr
    (results,) = tmp_path.glob("*/results.json")
    verdicts = {clause["id"]: clause["verdict"] for clause in json.loads(results.read_text())["clauses"]}
    assert verdicts == {"TOY-PING-01": "pass", "TOY-AUTH-01": "pass"}
