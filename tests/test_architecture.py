"""The import rule of ARCHITECTURE.md, and other properties of the tree that no type checker sees."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("conformance", "mock_meta", "loadtests", "reference", "reports", "harness", "service")
MAY_IMPORT = {
    "service": set(),
    "reports": set(),
    "mock_meta": {"service"},
    "reference": {"service"},
    "conformance": {"reports", "service"},
    "loadtests": {"conformance", "reports", "service"},
    "harness": {"conformance", "mock_meta", "reference", "reports", "service"},
}
LOADTESTS_MAY_KNOW = {
    "conformance.target", "conformance.meta", "conformance.webhooks",
    "conformance.runner.stack", "conformance.runner.process", "conformance.runner.preflight",
    # the embedded deployment, and the gate's interlock with its own requests
    "conformance.wacrm.reference", "conformance.wacrm.system", "conformance.wacrm.interlock", "conformance.wacrm.key_roles",
    "conformance.wacrm.steps.reconciliation",  # what a broadcast's polls may not say against each other
}  # fmt: skip


def modules(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def imported(path: Path) -> set[str]:
    """Dotted names of what a module imports, at any depth."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


@pytest.mark.parametrize("package", PACKAGES)
def test_imports_run_one_way(package: str) -> None:
    for path in modules(package):
        others = {name.partition(".")[0] for name in imported(path)} & set(PACKAGES) - {package}
        assert others <= MAY_IMPORT[package], f"{path.relative_to(ROOT)} imports {sorted(others - MAY_IMPORT[package])}"


def test_load_tests_know_keys_target_provider_and_stack_alone() -> None:
    for path in modules("loadtests"):
        for name in imported(path):
            if name.startswith("conformance."):
                known = any(name == room or f"{name}.".startswith(f"{room}.") for room in LOADTESTS_MAY_KNOW)
                parent = any(room.startswith(f"{name}.") for room in LOADTESTS_MAY_KNOW)
                assert known or parent, f"{path.relative_to(ROOT)} imports {name}"


def test_locust_stays_in_loadtests() -> None:
    """Locust patches the standard library on import, so no other process may import it (ARCHITECTURE.md)."""
    for package in PACKAGES:
        for path in modules(package):
            if package != "loadtests":
                assert not {name for name in imported(path) if name.partition(".")[0] in {"locust", "gevent"}}, path


def test_tests_are_never_imported() -> None:
    for package in PACKAGES:
        for path in modules(package):
            assert not {name for name in imported(path) if name.partition(".")[0] == "tests"}, path


def test_nothing_binds_to_all_interfaces() -> None:
    for package in PACKAGES:
        for path in modules(package):
            if "checks" not in path.parts:  # checks name 0.0.0.0 as an address that must not be called
                calls = [n for n in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(n, ast.Call)]
                hosts = {ast.unparse(k.value) for call in calls for k in call.keywords if k.arg == "host"}
                assert not {"'0.0.0.0'", "'::'"} & hosts, path
