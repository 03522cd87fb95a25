"""Which status a sent message must come to (MSG-10, MSG-11, META-05 to -07)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.target.verdicts import Mismatch
from conformance.target.waiting import while_it_changes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from conformance.wacrm.steps.statuses import OutboundConversation


def reach(conversation: OutboundConversation, allowed: Mapping[str, Sequence[str]]) -> None:
    """Each message (by wamid) comes to one of its allowed statuses, waiting as long as statuses change."""

    def wrong() -> dict[str, object]:
        found = conversation.statuses()
        return {wamid: found.get(wamid) for wamid, statuses in allowed.items() if found.get(wamid) not in statuses}

    remaining = while_it_changes(wrong, lambda wrong: not wrong, conversation.account.mock_meta.patience)
    for wamid, found in remaining.items():
        raise Mismatch(f"the status of {wamid} to become {' or '.join(allowed[wamid])}", repr(found))


def keep(conversation: OutboundConversation, allowed: Mapping[str, Sequence[str]]) -> None:
    """After every webhook has been processed, each message has one of its allowed statuses."""
    conversation.wait_until_processed()
    reach(conversation, allowed)
