"""What a variant is, and how the modules of variants declare theirs."""

from collections.abc import Callable
from dataclasses import dataclass

from reference.wacrm.patching.patches import Patch


@dataclass(frozen=True)
class Variant:
    """`freedom` is what the contract leaves open."""

    name: str
    freedom: str
    patch: Patch


def variant(freedom: str) -> Callable[[Patch], Variant]:
    """Declare a variant; its name is the function's, with hyphens."""
    return lambda patch: Variant(patch.__name__.replace("_", "-"), freedom, patch)
