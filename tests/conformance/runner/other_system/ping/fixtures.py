import pytest

from conformance.target.probe import Probe


@pytest.fixture
def stranger(probe: Probe) -> int | None:
    """What a caller without a key gets."""
    return probe.send("GET", "/ping").status
