"""The command line of a server process, and how it is refused."""

import argparse
import sys
from typing import NoReturn

USAGE_ERROR = 2


class Options(argparse.ArgumentParser):
    """Knows the options that every server has (`host`, `port`, `exit_with_stdin`), and refuses in one sentence."""

    def __init__(self, prog: str, description: str | None, epilog: str | None = None) -> None:
        layout = argparse.RawDescriptionHelpFormatter
        super().__init__(prog=prog, description=description, epilog=epilog, formatter_class=layout)
        self.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
        self.add_argument(
            "--port", type=int, default=0, help="port to listen on; 0 takes a free one (default: %(default)s)"
        )
        self.add_argument("--exit-with-stdin", action="store_true", help="end when standard input ends")

    def error(self, message: str) -> NoReturn:
        raise SystemExit(self.refuse(f"{message} (--help lists the options)"))

    def refuse(self, problem: object) -> int:
        """Tell what cannot be used, in one line on stderr; the exit status to end with."""
        print(f"{self.prog.removeprefix('python -m ')}: {problem}", file=sys.stderr)  # noqa: T201 - the interface
        return USAGE_ERROR
