"""Entry point of ``mock-meta`` and ``python -m mock_meta``."""

import signal

signal.signal(signal.SIGINT, signal.SIG_DFL)  # a Ctrl-C before the server takes over is no traceback, and is never lost

from mock_meta.serving.cli import main  # noqa: E402

if __name__ == "__main__":
    main()
