"""Latencies are right: a server that stalls, and what arithmetic says of it."""

from __future__ import annotations

import pytest

from loadtests.bench.__main__ import measure, server

STALL, EVERY, CYCLES = 0.5, 2.0, 2


def test_a_stall_is_seen_as_arithmetic_says_and_a_closed_model_would_hide_it() -> None:
    """Who arrives x seconds before the end of a stall waits x, so a share of (S - x) / E waits longer than x.

    A busy machine makes answers later, never earlier: the lower bound is arithmetic's, the upper one is generous.
    """
    with server("--stall", str(STALL), "--every", str(EVERY)) as url:
        arriving = measure("open", url, CYCLES * EVERY, 150)["latency"]
        waiting = measure("closed", url, CYCLES * EVERY, 2)["latency"]
    for name, share in (("p99", 0.01), ("p999", 0.001)):
        expected = STALL - share * EVERY
        assert arriving[name] == pytest.approx(expected, rel=0.08) or arriving[name] > expected
    assert arriving["p90"] > STALL * 0.3  # by arithmetic S - 0.1 E = 0.3 s
    assert waiting["p90"] < arriving["p90"] / 2
