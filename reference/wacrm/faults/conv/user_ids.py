"""CONV-15: what becomes of a customer without a number, otherwise than in the reference."""

from collections.abc import Callable

from reference.wacrm.assembly import Wacrm
from reference.wacrm.faults.registry import fault
from reference.wacrm.inbound.customer_messages import text_at
from reference.wacrm.patching.patches import patch
from reference.wacrm.patching.steps import wrap
from reference.wacrm.protocol.envelope import Json

_Numbers = dict[str, str]


@patch
def _numbered(wacrm: Wacrm, number_of: Callable[[str, _Numbers], str | None]) -> None:
    """A message without a number gets one from its user id, and the numbers of user ids that came with one."""
    receive, numbers = wacrm.inbound.receive, _Numbers()

    def numbered(account: str, item: Json, names: dict[str, str], media_root: str) -> None:
        user, number = text_at(item, "from_user_id"), text_at(item, "from")
        if user is not None and number is not None:
            numbers[user] = number
        found = number_of(user, numbers) if user is not None and number is None else None
        receive(account, item if found is None else item | {"from": found}, names, media_root)

    wrap(wacrm.inbound, "receive", numbered)


@fault("CONV-15", "variant: a customer without a number gets one that is made of the user id", _numbered)
def user_ids_become_numbers(user: str, _numbers: _Numbers) -> str | None:
    return "999" + "".join(character for character in user if character.isdigit())[-9:]


@fault("CONV-15", "variant: a user id is recognised once it came with a number", _numbered)
def known_user_ids_are_recognised(user: str, numbers: _Numbers) -> str | None:
    return numbers.get(user)


@fault("CONV-15", "variant: all customers without a number share one contact", _numbered)
def customers_without_a_number_share_a_contact(_user: str, _numbers: _Numbers) -> str | None:
    return "999000000001"
