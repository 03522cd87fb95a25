from __future__ import annotations

import stat
from pathlib import Path

import pytest

from harness.provision import target_file
from harness.provision.errors import ProvisionError

SETTINGS = {"target": {"base_url": "http://127.0.0.1:3000"}, "keys": {"full": ["k"], "only": {"contacts:read": "o"}}}


def written(path: Path) -> Path:
    with target_file.replaced(path, SETTINGS):
        assert not path.exists()
    return path


def test_the_file_is_private_and_read_back(tmp_path: Path) -> None:
    path = written(tmp_path / "harness.toml")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert target_file.earlier(path) == (SETTINGS, {"full": ["k"], "only:contacts:read": ["o"]})


def test_no_file_is_nothing_earlier(tmp_path: Path) -> None:
    assert target_file.earlier(tmp_path / "harness.toml") == ({}, {})


def test_what_fails_meanwhile_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = written(tmp_path / "harness.toml")
    before = path.read_text()
    with pytest.raises(RuntimeError), target_file.replaced(path, {"target": {}}):
        raise RuntimeError
    assert path.read_text() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_stays_one(tmp_path: Path) -> None:
    link = tmp_path / "link.toml"
    link.symlink_to(tmp_path / "harness.toml")
    with target_file.replaced(link, SETTINGS):
        pass
    assert link.is_symlink()
    assert (tmp_path / "harness.toml").is_file()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[target]\n", "provision did not write it"),
        (f"{target_file.MARK}\n[target]\nbase_url = 'ftp://x'\n[keys]\nfull = 'k'\n", "base_url must be an http"),
        (f"{target_file.MARK}\n[target\n", "not valid TOML"),
    ],
)
def test_a_file_that_cannot_be_continued_is_left_alone(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "harness.toml"
    path.write_text(text)
    with pytest.raises(ProvisionError, match=said):
        target_file.earlier(path)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ProvisionError, match="Choose another file with --out"):
        target_file.earlier(tmp_path)


@pytest.mark.parametrize("path", ["/proc/harness.toml", "/nowhere/harness.toml"])
def test_a_place_that_takes_no_file_is_named(path: str) -> None:
    with (
        pytest.raises(ProvisionError, match=r"cannot be written.*Choose another file"),
        target_file.replaced(Path(path), {}),
    ):
        pytest.fail("the work must not begin")


def test_new_settings_win_and_other_ones_stay() -> None:
    old = {
        "target": {"base_url": "a", "limit": 60},
        "keys": {"full": ["x"], "none": ["y"]},
        "capabilities": {"inbound": False},
    }
    assert target_file.merged(old, SETTINGS) == {
        "receiver": target_file.RECEIVER, "target": {"base_url": "http://127.0.0.1:3000", "limit": 60},
        "keys": SETTINGS["keys"], "capabilities": {"inbound": False},
    }  # fmt: skip
