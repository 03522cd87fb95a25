"""Entry point of ``python -m mock_meta``."""

from mock_meta.cli import main

main()
