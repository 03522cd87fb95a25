"""What checks need, read from their source."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.doctor.checks import read

if TYPE_CHECKING:
    from pathlib import Path

SHARED = """
@pytest.fixture
def endpoints(receiver): ...
"""
CHECKS = """
pytestmark = pytest.mark.usefixtures("hears")

@requirement("HOOK-01")
@pytest.mark.usefixtures("sends")
def test_a(endpoints): api.as_role(Role.OTHER)

@requirement("HOOK-02")
def test_b(role_keys): role_keys("only")
"""


def test_fixtures_of_fixtures_marks_and_roles_count(tmp_path: Path) -> None:
    (tmp_path / "fixtures.py").write_text(SHARED)
    (tmp_path / "test_hook.py").write_text(CHECKS)
    first, second = read(tmp_path, [tmp_path / "fixtures.py"])
    assert (first.clause, set(first.needs)) == ("HOOK-01", {"endpoints", "receiver", "hears", "sends", "other_account"})
    assert (second.clause, set(second.needs)) == ("HOOK-02", {"role_keys", "only", "hears"})
