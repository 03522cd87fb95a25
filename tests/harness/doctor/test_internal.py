"""Which origins deployments refuse as internal."""

import pytest

from harness.doctor.internal import is_internal


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "10.1.2.3", "172.31.0.1", "192.168.0.1", "[::1]", "[fd00::1]"]
)
def test_internal(host: str) -> None:
    assert is_internal(f"https://{host}:8443")


@pytest.mark.parametrize("host", ["203.0.113.10", "8.8.8.8", "172.32.0.1", "[2001:db8::1]"])
def test_not_internal(host: str) -> None:
    assert not is_internal(f"https://{host}:8443")
