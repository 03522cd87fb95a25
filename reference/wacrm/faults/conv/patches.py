"""CONV: patches that several modules of the group have in common."""

from collections.abc import Callable

from reference.wacrm.assembly import Wacrm
from reference.wacrm.domain.messages import Draft
from reference.wacrm.patching.patches import patch
from reference.wacrm.patching.steps import wrap


@patch
def store(wacrm: Wacrm, direction: str, change: Callable[[Draft], Draft]) -> None:
    """Messages of one direction are stored otherwise."""
    add = wacrm.messages.add

    def changed(account: str, conversation: str, draft: Draft) -> str | None:
        return add(account, conversation, change(draft) if draft.direction == direction else draft)

    wrap(wacrm.messages, "add", changed)
