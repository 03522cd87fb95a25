"""What `GET /me` says of a key, in the documented shape and in the ones that are tolerated (AUTH-07)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from conformance.target.exchange import Exchange


@dataclass(frozen=True)
class OwnAccount:
    """A key's account and scopes; None for what the answer does not say, as in an answer of another shape."""

    id: str | None
    name: Any
    scopes: list[Any] | None


def own_account(exchange: Exchange) -> OwnAccount:
    """`data.account` with `data.key.scopes`; `data.account_id` and `data.scopes` are tolerated."""
    data = _object(_object(exchange.json()).get("data"))
    account, key = _object(data.get("account")), _object(data.get("key"))
    id_, scopes = account.get("id", data.get("account_id")), key.get("scopes", data.get("scopes"))
    return OwnAccount(
        id_ if isinstance(id_, str) and id_ else None, account.get("name"), scopes if isinstance(scopes, list) else None
    )


def _object(value: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    return value if isinstance(value, dict) else {}
