"""The command as a person types it, with nothing but the packages of the extra that a verb names."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from harness.cli import FOR_DEVELOPERS, MARKS, VERBS
from reports.results import ExitCode

ROOT = Path(__file__).parents[2]
DEADLINE = 120
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
IMPORTED_AS = {"pytest-xdist": "xdist", "pyyaml": "yaml", "prometheus-client": "prometheus_client"}
BROUGHT_BY_OTHERS = {"requests", "cryptography"}  # by Locust, by trustme
WITHOUT = """
import sys
for name in {missing!r}:
    sys.modules[name] = None
"""


def extra(name: str) -> set[str]:
    """What an extra's packages are imported as; the empty name stands for the plain installation."""
    wanted = PROJECT["optional-dependencies"][name] if name else PROJECT["dependencies"]
    packages = [re.split(r"[^\w-]", requirement)[0] for requirement in wanted]
    return {IMPORTED_AS.get(package, package.replace("-", "_")) for package in packages}


def run(code: str, *installed: str) -> subprocess.CompletedProcess[str]:
    """Python code where only these extras, and what everybody has, can be imported."""
    there = extra("").union(*map(extra, installed))
    missing = set().union(*map(extra, MARKS)) - there - BROUGHT_BY_OTHERS
    command = [sys.executable, "-c", WITHOUT.format(missing=sorted(missing)) + code]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=DEADLINE, check=False)


def said(*arguments: str, installed: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    return run(f"from harness.cli import main\nsys.exit(main({list(arguments)!r}))", *installed)


def test_help_lists_every_verb_in_its_section() -> None:
    done = said("--help")
    assert done.returncode == 0
    users, developers = done.stdout.split("for developers of the harness:")
    assert "for users:" in users
    for verb in VERBS:
        assert re.search(rf"^  {verb} +\w", developers if verb in FOR_DEVELOPERS else users, re.MULTILINE)
    assert "examples:" in developers
    assert "exit codes:" in developers
    assert all(len(line) <= 80 for line in done.stdout.splitlines())


def test_no_verb_at_all_is_help() -> None:
    assert said().stdout == said("--help").stdout


def test_the_version_is_the_packages() -> None:
    assert said("--version").stdout == f"wacrm-harness {PROJECT['version']}\n"


@pytest.mark.parametrize(("typed", "meant"), [("gaet", "gate"), ("load-test", "loadtest"), ("kill", "kills")])
def test_a_mistyped_verb_gets_a_suggestion(typed: str, meant: str) -> None:
    done = said(typed)
    assert done.returncode == ExitCode.SETUP
    assert f"did you mean {meant}?" in done.stderr


def test_a_mistyped_option_of_a_verb_is_wrong_usage() -> None:
    done = said("settings", "--no-such-option")
    assert done.returncode == ExitCode.SETUP
    assert "--no-such-option" in done.stderr


@pytest.mark.parametrize("verb", [name for name, verb in VERBS.items() if verb.extra])
def test_a_verb_without_its_packages_says_what_to_install(verb: str) -> None:
    done = said(verb, "--help")
    assert done.returncode == ExitCode.SETUP
    assert done.stderr.endswith(f"pip install 'wacrm-harness[{VERBS[verb].extra}]'\n")
    assert len(done.stderr.splitlines()) == 1


def test_the_packages_that_tell_an_extra_are_its_own() -> None:
    for name, package in MARKS.items():
        assert package in extra(name)
        assert package not in set().union(*(extra(other) for other in MARKS if other != name))


@pytest.mark.parametrize("verb", [name for name in VERBS if name != "loadtest"])
def test_a_verb_needs_its_own_extra_alone(verb: str) -> None:
    done = said(verb, "--help", installed=(VERBS[verb].extra,) if VERBS[verb].extra else ())
    assert done.returncode == 0, done.stderr
    assert "usage:" in done.stdout


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("mock_meta.serving.cli", ""),
        ("reference.wacrm.cli", ""),
        ("conformance.runner.plugin", "gate"),
        ("conformance.webhooks.receiver", "load"),
        ("loadtests.locustfile", "load"),
    ],
)
def test_a_program_needs_its_own_extra_alone(module: str, name: str) -> None:
    done = run(f"import {module}", *filter(None, [name]))
    assert done.returncode == 0, done.stderr


def test_load_options_come_before_locusts() -> None:
    done = run("from loadtests import help_page\nhelp_page.show()", "load")
    assert done.returncode == 0, done.stderr
    assert done.stdout.index("--scenario") < done.stdout.index("examples:") < done.stdout.index("--users")


def test_the_settings_are_the_example_files() -> None:
    assert tomllib.loads(said("settings").stdout) == tomllib.loads((ROOT / "harness.example.toml").read_text())


def test_mock_meta_is_a_command_of_its_own() -> None:
    code = "from mock_meta.__main__ import main\nmain(['--exit-with-stdin', '--quiet'])"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=ROOT, input="", capture_output=True, text=True, timeout=DEADLINE, check=False)
    assert PROJECT["scripts"]["mock-meta"] == "mock_meta.__main__:main"
    assert json.loads(done.stdout)["url"].startswith("http://127.0.0.1:"), done.stderr
