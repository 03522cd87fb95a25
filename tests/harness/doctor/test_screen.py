"""A line as text."""

from harness.doctor.line import mend, ok
from harness.doctor.screen import shown


def test_a_line() -> None:
    assert shown(ok("clock", "within 2 s")) == "ok    clock                 within 2 s\n"


def test_the_remedy_stands_below_and_both_are_wrapped() -> None:
    rows = shown(mend("receiver", "no delivery " * 9, "Set receiver.origin.")).splitlines()
    assert rows[-1] == " " * 28 + "> Set receiver.origin."
    assert max(map(len, rows)) <= 80
