from __future__ import annotations

import pytest

from conformance.target.sources import load
from conformance.target.target import SettingsError, refuse_strangers


@pytest.mark.parametrize("base", ["http://127.0.0.1:3000", "http://127.0.0.1:3000/", "http://127.0.0.1:3000/api/v1/"])
def test_the_origin_and_the_api_are_both_understood(base: str) -> None:
    target = load(None, {}, [f"target.base_url={base}", "keys.full=k"])
    assert target.target.api == "http://127.0.0.1:3000/api/v1"
    assert target.target.meta_webhook == "http://127.0.0.1:3000/api/whatsapp/webhook"


def test_other_machines_must_be_named() -> None:
    target = load(None, {}, ["target.base_url=https://crm.example.com", "keys.full=k"])
    with pytest.raises(SettingsError, match=r"--allow-host crm\.example\.com"):
        refuse_strangers(target, [])
    refuse_strangers(target, ["crm.example.com"])


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "localhost", "[::1]"])
def test_this_machine_needs_no_naming(host: str) -> None:
    refuse_strangers(load(None, {}, [f"target.base_url=http://{host}:1", "keys.full=k"]), [])


@pytest.mark.parametrize("host", ["127.0.0.1.example.com", "localhost.example.com", "10.0.0.1", "169.254.169.254"])
def test_a_name_that_looks_local_is_not(host: str) -> None:
    with pytest.raises(SettingsError):
        refuse_strangers(load(None, {}, [f"target.base_url=http://{host}", "keys.full=k"]), [])


def test_settings_never_print_secrets() -> None:
    target = load(
        None,
        {},
        ["target.base_url=http://127.0.0.1:3000", "keys.full=wacrm_live_x", "keys.only.contacts:read=wacrm_live_y"],
    )
    assert "wacrm_live" not in f"{target!r} {target}"
