"""Deployments that are correct in another way: where the contract leaves a choice, each variant takes the other one.

A check that fails on a variant is a false alarm; `wacrm-harness kills --variants` proves that none does.
"""

from collections.abc import Iterable
from types import MappingProxyType

from reference.wacrm.patching.patches import Patch
from reference.wacrm.variants import answers, events, inbound, requests, sending
from reference.wacrm.variants.registry import Variant

VARIANTS = MappingProxyType(
    {
        variant.name: variant
        for module in (requests, answers, events, sending, inbound)
        for variant in vars(module).values()
        if isinstance(variant, Variant)
    }
)


class UnknownVariantError(ValueError):
    """A name that no variant has."""

    def __init__(self, name: str) -> None:
        super().__init__(f"unknown variant {name!r}; there are {', '.join(VARIANTS)}")


def patches(names: Iterable[str]) -> list[Patch]:
    """What makes an application differ in each of the named ways. Raises UnknownVariantError."""
    return [find(name).patch for name in names]


def find(name: str) -> Variant:
    """Raises UnknownVariantError."""
    if name not in VARIANTS:
        raise UnknownVariantError(name)
    return VARIANTS[name]


__all__ = ["VARIANTS", "UnknownVariantError", "Variant", "find", "patches"]
