"""Business-scoped user ids: how Meta names a person to one business (fact sheet 16.2)."""

from hashlib import blake2b

from mock_meta.business.accounts import Account
from mock_meta.protocol.numbers import is_user_id, whatsapp_id


def user_id(account: Account, person: str) -> str:
    """The person's id for this account, the same for a number and its WhatsApp id; a user id is itself.

    Every id is an American one: the mock does not tell countries from numbers.
    """
    if is_user_id(person):
        return person
    digest = blake2b(f"{account.waba_id}|{whatsapp_id(person)}".encode(), digest_size=8).digest()
    return f"US.{int.from_bytes(digest):020d}"
