"""MSG: patches that several modules of the group have in common."""

from collections.abc import Callable

from reference.wacrm.assembly import Wacrm
from reference.wacrm.patching.patches import patch
from reference.wacrm.patching.steps import wrap
from reference.wacrm.protocol.bodies import MessageCreate
from reference.wacrm.protocol.envelope import Json
from reference.wacrm.storage.database import Row


@patch
def sent_answer(wacrm: Wacrm, change: Callable[[MessageCreate, Json], None]) -> None:
    """What is answered to a send that went well."""
    record = wacrm.messages.record

    def changed(account: str, body: MessageCreate, wamid: str, quoted: Row | None) -> Json:
        data = record(account, body, wamid, quoted)
        change(body, data)
        return data

    wrap(wacrm.messages, "record", changed)
