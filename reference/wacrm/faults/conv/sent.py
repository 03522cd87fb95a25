"""CONV-08: a sent message as it is stored."""

from dataclasses import replace

from reference.wacrm.assembly import Wacrm
from reference.wacrm.domain.messages import Draft
from reference.wacrm.faults.conv.patches import store
from reference.wacrm.faults.registry import Fault, fault
from reference.wacrm.patching.steps import wrap
from reference.wacrm.protocol.bodies import MessageCreate
from reference.wacrm.storage.database import Row

ROWS = (
    Fault("CONV-08", "sent-reply-is-stored-without-its-quote", store("outbound", lambda draft: replace(draft, reply_to=None)),
          "the quoted message is sent to Meta, and not stored"),
    Fault("CONV-08", "sent-template-is-stored-without-its-name",
          store("outbound", lambda draft: replace(draft, template_name=None)),
          "the template's name is stored in the broadcast's table only"),
)  # fmt: skip


@fault("CONV-08", "the caption goes to Meta, and not into the row")
def sent_caption_is_not_stored(wacrm: Wacrm) -> None:
    draft = wacrm.messages.draft

    def uncaptioned(body: MessageCreate, wamid: str, quoted: Row | None) -> Draft:
        made = draft(body, wamid, quoted)
        return replace(made, content_text=None) if made.media_url else made

    wrap(wacrm.messages, "draft", uncaptioned)
