"""What mock Meta is told of a target: its accounts, and the templates that checks send."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import httpx

from conformance.meta.mock_client import MockMeta
from conformance.meta.templates import TEMPLATES

if TYPE_CHECKING:
    from conformance.target.target import Meta


def register(meta: Meta, webhook_url: str) -> None:
    """Tell mock Meta of the accounts whose tokens are known. Raises `MockMetaError`."""
    with closing(httpx.Client(timeout=40.0, trust_env=False)) as client:
        mock_meta = MockMeta(meta.control, client=client)
        for waba_id, phone, token in (
            (meta.waba_id, meta.phone_number_id, meta.access_token),
            (meta.other_waba_id, meta.other_phone_number_id, meta.other_access_token),
        ):
            if waba_id and token is not None:
                account = _account(meta, phone, token.get_secret_value(), webhook_url)
                mock_meta.request("PUT", f"/accounts/{waba_id}", account)


def _account(meta: Meta, phone_number_id: str, access_token: str, webhook_url: str) -> dict[str, object]:
    number = {
        "id": phone_number_id, "display_phone_number": f"1555010{phone_number_id[-4:]}", "verified_name": "Harness",
    }  # fmt: skip
    return {
        "access_token": access_token, "app_id": "670843000000001",
        "app_secret": meta.app_secret.get_secret_value(), "verify_token": meta.verify_token.get_secret_value(),
        "webhook_url": webhook_url, "phone_numbers": [number], "templates": list(TEMPLATES),
    }  # fmt: skip
