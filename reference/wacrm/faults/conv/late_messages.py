"""CONV-14: a late message, which becomes the last."""

from reference.wacrm.assembly import Wacrm
from reference.wacrm.faults.registry import Fault, fault
from reference.wacrm.patching.patches import sql
from reference.wacrm.patching.steps import wrap
from reference.wacrm.protocol.envelope import Json

ROWS = (
    Fault("CONV-14", "late-messages-pass-sent-ones",
          sql("messages.newer", "said_at >", "direction = 'inbound' AND said_at >"),
          "a late message is compared with what the customer wrote, and not with what was sent"),
    Fault("CONV-14", "messages-of-yesterday-are-the-last",
          sql("messages.newer", "said_at >", "said_at < :said_at + 3600 AND said_at >"),
          "times are compared without their day"),
)  # fmt: skip


@fault("CONV-14", "what arrives last is the last message, whenever it was written")
def late_messages_become_the_last(wacrm: Wacrm) -> None:
    def always(_message: Json) -> bool:
        return True

    wrap(wacrm.messages, "is_newest", always)


@fault("CONV-14", "media are added once their files are there, and then they are the newest")
def late_media_become_the_last(wacrm: Wacrm) -> None:
    is_newest = wacrm.messages.is_newest

    def of_media(message: Json) -> bool:
        return message["media_url"] is not None or is_newest(message)

    wrap(wacrm.messages, "is_newest", of_media)
