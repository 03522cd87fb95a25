"""Delivery statuses: what Meta reports, and which report moves a message forward."""

from enum import StrEnum


class Status(StrEnum):
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"

    @property
    def rank(self) -> int:
        return list(Status).index(self) + 1


KNOWN = frozenset(Status)


def advances(reported: int, status: str) -> bool:
    """Whether a report moves a message on from the rank already `reported` (0: none yet).

    sent < delivered < read. `failed` follows none of delivered and read, which prove the opposite, and is final.
    """
    new = Status(status)
    if new is Status.FAILED:
        return reported < Status.DELIVERED.rank
    return reported < new.rank
