"""The variables: what is set already stays, and each file holds both authorities."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path

import certifi
import pytest

from harness.pointing.errors import PointingError
from harness.pointing.variables import PYTHON, export_lines, for_node, for_python
from mock_meta.serving.start_screen import REDIRECT
from tests.harness.pointing.conftest import needs_node

MOCK = "http://127.0.0.1:8790"
PRELOAD = f'--require "{REDIRECT}"'


@pytest.fixture
def ca(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    file = tmp_path / "ca.pem"
    file.write_text("-----receiver-----\n")
    return file


@pytest.mark.parametrize(
    ("given", "expected"),
    [("", PRELOAD), ("--max-old-space-size=512", f"--max-old-space-size=512 {PRELOAD}"), (PRELOAD, PRELOAD)],
)
def test_options_that_are_set_stay_and_nothing_is_set_twice(given: str, expected: str) -> None:
    assert for_node(MOCK, None, {"NODE_OPTIONS": given}) == {"MOCK_META_URL": MOCK, "NODE_OPTIONS": expected}


@needs_node
def test_node_reads_a_path_with_spaces_quotes_and_backslashes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / 'a "b" \\c'
    folder.mkdir()
    (folder / "redirect.cjs").write_text("console.log('preloaded')")
    monkeypatch.setattr("harness.pointing.variables.REDIRECT", folder / "redirect.cjs")
    environment = {"PATH": os.environ["PATH"], **for_node(MOCK, None, {})}
    ran = subprocess.run(["node", "-e", ""], env=environment, capture_output=True, text=True, check=True)
    assert ran.stdout == "preloaded\n"


def test_a_second_authority_is_added_and_the_first_file_left_alone(ca: Path, tmp_path: Path) -> None:
    own = tmp_path / "own.pem"
    own.write_text("-----own-----")
    variables = for_node(MOCK, ca, {"NODE_EXTRA_CA_CERTS": str(own)})
    both = Path(variables["NODE_EXTRA_CA_CERTS"])
    assert both.read_text() == "-----own-----\n-----receiver-----\n"
    assert own.read_text() == "-----own-----"


@pytest.mark.parametrize("given", [{}, {"NODE_EXTRA_CA_CERTS": ""}, {"NODE_EXTRA_CA_CERTS": "itself"}])
def test_the_authority_alone_needs_no_second_file(ca: Path, given: dict[str, str]) -> None:
    given = {name: str(ca) if value else "" for name, value in given.items()}
    assert for_node(MOCK, ca, given)["NODE_EXTRA_CA_CERTS"] == str(ca)


def test_an_authority_that_cannot_be_read_is_named(ca: Path) -> None:
    with pytest.raises(PointingError, match=r"NODE_EXTRA_CA_CERTS names /nowhere\.pem, which cannot be read"):
        for_node(MOCK, ca, {"NODE_EXTRA_CA_CERTS": "/nowhere.pem"})


def test_python_keeps_the_usual_authorities(ca: Path, tmp_path: Path) -> None:
    own = tmp_path / "own.pem"
    own.write_text("-----own-----\n")
    variables = for_python(ca, {"SSL_CERT_FILE": str(own)})
    assert set(variables) == set(PYTHON)
    assert Path(variables["SSL_CERT_FILE"]).read_text() == "-----own-----\n-----receiver-----\n"
    usual = Path(certifi.where()).read_text("utf-8").rstrip()
    assert Path(variables["REQUESTS_CA_BUNDLE"]).read_text("utf-8") == f"{usual}\n-----receiver-----\n"


def test_export_lines_mean_the_same_to_a_shell() -> None:
    assert [shlex.split(line) for line in export_lines({"A": 'x "y" $z', "B": "it's"}).splitlines()] == [
        ["export", 'A=x "y" $z'],
        ["export", "B=it's"],
    ]
