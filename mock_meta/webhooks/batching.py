"""How many updates fit into one POST, which Meta keeps to 3 MB (fact sheet 15.4)."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

LARGEST = 3_000_000
"""Bytes of a webhook's body."""
_ENVELOPE = 1_000

Item = TypeVar("Item")


def in_posts(items: Iterable[Item], size: Callable[[Item], int]) -> Iterator[list[Item]]:
    """The items in their order, as few lists as fit. ``size`` is at least an item's bytes; one that is too large goes alone."""
    post: list[Item] = []
    room = LARGEST - _ENVELOPE
    for item in items:
        needed = size(item)
        if post and needed > room:
            yield post
            post, room = [], LARGEST - _ENVELOPE
        post.append(item)
        room -= needed
    if post:
        yield post
