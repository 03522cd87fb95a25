"""What keeps a deployment from being started."""

from __future__ import annotations


class PointingError(Exception):
    """The command cannot be run as asked. The message says why and what to do next."""
