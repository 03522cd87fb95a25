"""Wear of webhook endpoints: how they are listed, and where they may lead."""

from reference.wacrm.assembly import Wacrm
from reference.wacrm.patching.patches import answer
from reference.wacrm.patching.steps import wrap
from reference.wacrm.protocol.operations import Operation
from reference.wacrm.wear.registry import wear

_EVERY = 1_000_000
_SILENT = "nothing is delivered to a receiver on this machine"
_UNPAGED = "the list has no pages"
_DELIVERIES = ("HOOK-01", *(f"HOOK-{number:02}" for number in range(3, 13)), "TENANT-06")
"""HOOK-01 says that no delivery has the secret, HOOK-03 that deliveries follow a changed URL and are noted."""


@wear(
    "the list of endpoints holds all of them, without a cursor",
    covers={"webhooks-are-paged-by-offset": _UNPAGED, "webhooks-with-equal-times-are-lost": _UNPAGED},
)
def webhook_list_without_cursor(wacrm: Wacrm) -> None:
    limit = wacrm.pages.limit
    wrap(wacrm.pages, "limit", lambda text, listed: _EVERY if listed == "webhooks" else limit(text, listed))
    answer(Operation.LIST_WEBHOOKS, lambda body: body.pop("meta"))(wacrm)


@wear(
    "internal targets are accepted at registration, and refused at delivery",
    hides=dict.fromkeys(_DELIVERIES, _SILENT),
)
def internal_targets_refused(wacrm: Wacrm) -> None:
    wrap(wacrm.targets, "is_inner", lambda _host: False)
    wrap(wacrm.targets, "allowed", lambda _url: False)
