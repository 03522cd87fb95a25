from __future__ import annotations

import json
from pathlib import Path

import pytest

from reports.folder import FolderError, RunFolder

FULL = Path("/dev/full")


def test_two_runs_of_one_name_have_two_folders(tmp_path: Path) -> None:
    folders = [RunFolder.make(tmp_path / "out", "run") for _ in range(3)]
    assert [folder.path.name for folder in folders] == ["run", "run-2", "run-3"]
    for folder in folders:
        folder.close()


def test_a_line_is_on_the_disk_at_once(tmp_path: Path) -> None:
    folder = RunFolder.make(tmp_path, "run")
    folder.append({"check": "\ud800"})
    assert json.loads((folder.path / "checks.jsonl").read_text())["check"] == "\ud800"
    folder.close()
    assert folder.path.exists()


def test_what_cannot_be_a_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for out in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(FolderError, match="no report can be written there"):
            RunFolder.make(out, "run")


def test_a_folder_without_a_line_goes_again(tmp_path: Path) -> None:
    RunFolder.make(tmp_path, "run").close()
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_whole_or_absent(tmp_path: Path) -> None:
    def half(path: Path) -> None:
        path.write_text("half")
        raise OSError(28, "No space left on device")

    folder = RunFolder(tmp_path)
    folder.write("results.json", lambda path: path.touch())
    with pytest.raises(FolderError, match=r"results\.json is not written: No space left on device"):
        folder.write("results.json", half)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"results.json": ""}


@pytest.mark.skipif(not FULL.exists(), reason="needs /dev/full")
def test_a_disk_that_fills_up_ends_no_run(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path, _stream=FULL.open("w"))
    folder.append({"check": "x"})
    folder.append({"check": "y"})
    assert "No space left" in folder.trouble
    folder.close()
