from __future__ import annotations

import threading

import pytest

from conformance.target.concurrency import at_once


def test_all_run_at_the_same_time() -> None:
    met = threading.Barrier(5)
    assert at_once([lambda i=i: (met.wait(5), i)[1] for i in range(5)]) == list(range(5))  # type: ignore[misc]


def test_an_exception_comes_out() -> None:
    def fail() -> int:
        raise LookupError("no")

    with pytest.raises(LookupError, match="no"):
        at_once([fail, lambda: 1])
