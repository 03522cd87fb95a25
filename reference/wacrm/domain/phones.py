"""E.164 numbers: `+`, a country code that does not start with 0, at most 15 digits (ITU-T E.164)."""

import re

_E164 = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
_WA_ID = re.compile(r"[1-9][0-9]{5,18}", re.ASCII)


class Phones:
    def valid(self, text: str) -> bool:
        return _E164.fullmatch(text) is not None

    def digits(self, phone: str) -> str:
        """What Meta takes as `to`."""
        return phone.removeprefix("+")

    def from_meta(self, wa_id: object) -> str | None:
        """E.164 from Meta's `from` or `recipient_id`; None for anything else."""
        if isinstance(wa_id, str) and _WA_ID.fullmatch(wa_id):
            return f"+{wa_id}"
        return None
