"""A namespace, by root's way and by a user's; where none can be made, what else there is."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import psutil
import pytest

from harness.pointing import namespace
from harness.pointing.errors import PointingError
from harness.pointing.namespace import ADDRESS, Namespace, receiver_address

if TYPE_CHECKING:
    from pathlib import Path


def inside(place: Namespace, script: str) -> str:
    return subprocess.run([*place.enter, "sh", "-c", script], capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("user", [0, 1000])
def test_only_loopback_and_the_address_are_inside(monkeypatch: pytest.MonkeyPatch, user: int) -> None:
    monkeypatch.setattr("os.geteuid", lambda: user)
    try:
        place = Namespace().__enter__()
    except PointingError as error:
        pytest.skip(str(error).partition("\n")[0])
    holder = psutil.Process(int(place.enter[-1].split("/")[2]))
    try:
        listed = inside(place, "ip -oneline -family inet address").split()
        assert listed[listed.index("inet") + 1] == "127.0.0.1/8"
        assert f"{ADDRESS}/32" in listed
        assert inside(place, "id -u").strip() == str(psutil.Process().uids().effective)
    finally:
        place.__exit__(None, None, None)
    assert not psutil.pid_exists(holder.pid)


def test_a_refusal_says_why_and_how_a_public_receiver_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    refused = ("sh", "-c", "echo unshare: not permitted >&2; exit 1")
    monkeypatch.setattr(namespace, "AS_ROOT", refused)
    monkeypatch.setattr(namespace, "AS_USER", refused)
    with pytest.raises(PointingError) as raised, Namespace():
        pass
    said = str(raised.value)
    assert "No network namespace can be made here:" in said
    assert "unshare: not permitted" in said
    assert 'origin = "https://receiver.example.com"' in said


def test_a_missing_tool_is_named_with_its_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PointingError, match=r"no unshare \(util-linux\).*no ip \(iproute2\)"), Namespace():
        pass


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", ADDRESS),
        ("0.0.0.0", ADDRESS),
        ("localhost", ADDRESS),
        ("::1", ADDRESS),
        ("", ADDRESS),
        ("203.0.113.77", "203.0.113.77"),
        ("192.88.99.10", "192.88.99.10"),
    ],
)
def test_an_address_of_the_target_file_is_used_when_it_can_be(host: str, expected: str) -> None:
    assert receiver_address(host) == expected
