"""AUTH: who is calling."""

from reference.wacrm.assembly import Wacrm
from reference.wacrm.faults.registry import fault, patch
from reference.wacrm.storage import Row


@fault("AUTH-03", "the key cache is not told when a key is revoked")
def revoked_key_still_served(wacrm: Wacrm) -> None:
    def never_revoked(_row: Row) -> bool:
        return False

    patch(wacrm.keys, "revoked", never_revoked)
