"""What stands in the way of provisioning."""

from __future__ import annotations


class ProvisionError(Exception):
    """Nothing was changed. The message is for people: what is wrong, and what to do next. It holds no secret."""
