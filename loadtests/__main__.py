"""`python -m loadtests`: one minute of a working day on the embedded reference; any of Locust's arguments works too."""

from __future__ import annotations

import sys
from pathlib import Path

LOCUSTFILE = Path(__file__).with_name("locustfile.py")
DEFAULTS = {
    ("-u", "--users"): "20", ("-r", "--spawn-rate"): "20", ("-t", "--run-time"): "60s",
    ("-L", "--loglevel"): "WARNING", ("--master-bind-host",): "127.0.0.1",
}  # fmt: skip


def arguments(given: list[str]) -> list[str]:
    """Locust's command line: headless, and with our defaults for what was not given."""
    line = ["locust", "-f", str(LOCUSTFILE), "--headless", "--only-summary", "--verdict-only"]
    for names, value in DEFAULTS.items():
        if not any(one.partition("=")[0] in names for one in given):
            line += [names[-1], value]
    return [*line, *given]


def main() -> None:
    sys.argv = arguments(sys.argv[1:])
    from locust.main import main as locust  # noqa: PLC0415 - it patches the standard library, and reads sys.argv

    if {"-h", "--help"} & set(sys.argv):
        from loadtests import help_page  # noqa: PLC0415 - needs what Locust has patched

        help_page.show()
    else:
        locust()


if __name__ == "__main__":
    main()
