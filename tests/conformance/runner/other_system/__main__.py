"""`python -m tests.conformance.runner.other_system ARGUMENTS`: the gate, with the system `ping` beside the others."""

import sys
from pathlib import Path

import conformance

conformance.__path__.append(str(Path(__file__).parent))

from harness.cli import main  # noqa: E402 - after the system is there

sys.exit(main(["gate", *sys.argv[1:]]))
