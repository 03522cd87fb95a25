"""Spellings of loopback: all different, and all of this machine or of nobody."""

from __future__ import annotations

import socket

import pytest

from conformance.target.numbers import variants
from conformance.webhooks import internal_addresses

NUMERIC = [
    host
    for host in internal_addresses.LOOPBACK_HOSTS.values()
    if host.isascii() and not host.startswith("[") and host[0].isdigit()
]


def test_every_url_is_different() -> None:
    urls = list(internal_addresses.loopback_urls().values())
    assert len(set(urls)) == len(urls)
    assert all("{port}" in url and "{path}" in url for url in urls)


@pytest.mark.parametrize("host", [host for host in NUMERIC if "%" not in host])
def test_historic_spellings_are_read_as_loopback_by_the_c_library(host: str) -> None:
    packed = socket.inet_aton(host.rstrip("."))
    assert packed[0] in {0, 127}


def test_no_url_names_a_stranger() -> None:
    """What is not this machine by address or name ends in a top-level domain that nobody has (RFC 2606)."""
    for url in internal_addresses.loopback_urls().values():
        assert ".com" not in url
        assert ".org" not in url
        assert "hooks.test" not in url or "127.0.0.1" in url


def test_own_names_lead_to_loopback() -> None:
    assert all(internal_addresses.leads_to_loopback(name) for name in internal_addresses.own_names())


def test_variants_of_a_number_are_those_that_wacrm_tries() -> None:
    assert variants("393331234567") == ["393331234567", "3093331234567", "3903331234567", "3930331234567"]
    assert variants("490123") == ["490123", "4090123", "49123", "4900123"]
