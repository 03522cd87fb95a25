"""``health_status`` of a number and of an account (Meta: messaging health status; fact sheet 20.4)."""

from collections.abc import Mapping
from typing import Any

from mock_meta.business.accounts import Account, PhoneNumber

_AVAILABLE, _BLOCKED = "AVAILABLE", "BLOCKED"


def health(account: Account, phone: PhoneNumber | None = None) -> dict[str, Any]:
    """As good as the worst of its entities: the number, the account, the business behind it, the app."""
    entities = [] if phone is None else [_entity("PHONE_NUMBER", phone.id, good=phone.registered)]
    entities += [
        _entity("WABA", account.waba_id, good=not account.locked),
        _entity("BUSINESS", business_id(account)),
        _entity("APP", account.app.id),
    ]
    blocked = any(one["can_send_message"] == _BLOCKED for one in entities)
    return {"can_send_message": _BLOCKED if blocked else _AVAILABLE, "entities": entities}


def business_id(account: Account) -> str:
    """The business portfolio that owns the account, of which the mock knows nothing else."""
    return str(int(account.waba_id) + 1)


def _entity(kind: str, node_id: str, *, good: bool = True) -> Mapping[str, str]:
    return {"entity_type": kind, "id": node_id, "can_send_message": _AVAILABLE if good else _BLOCKED}
