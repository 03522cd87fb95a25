"""Headers that must be refused: none is a key, none shows one."""

from __future__ import annotations

import re
import subprocess

import pytest

from conformance.target.keys import Key
from conformance.wacrm.steps import invalid_credentials

SECRET = "wacrm_live_AbCdEfGh0123456789AbCdEfGh0123456789AbCdEfG"
KEY = Key("full[0]", "full", SECRET)
DISTORTED = invalid_credentials.distorted(KEY)


def test_an_unknown_key_has_the_documented_form() -> None:
    header = invalid_credentials.unknown().authorization
    assert re.fullmatch(r"Bearer wacrm_live_[A-Za-z0-9_-]{43}", header)
    assert header != invalid_credentials.unknown().authorization


@pytest.mark.parametrize(
    "credential", [*invalid_credentials.malformed(), *DISTORTED], ids=lambda credential: credential.label
)
def test_no_malformed_header_is_a_valid_key(credential: invalid_credentials.Credential) -> None:
    assert credential.authorization != KEY.authorization
    credential.authorization.encode("ascii")


@pytest.mark.parametrize("credential", DISTORTED, ids=lambda credential: credential.label)
def test_what_is_shown_holds_no_part_of_the_key(credential: invalid_credentials.Credential) -> None:
    for printed in (credential.shown, repr(credential), str(credential)):
        assert SECRET[11:19] not in printed


@pytest.mark.parametrize("credential", DISTORTED, ids=lambda credential: credential.label)
def test_what_is_shown_makes_the_header_in_a_shell(credential: invalid_credentials.Credential) -> None:
    script = f'printf %s "{credential.shown}"'
    made = subprocess.run(
        ["bash", "-c", script], env={"WACRM_KEY": SECRET, "PATH": "/usr/bin:/bin"}, capture_output=True, check=False
    )
    assert made.stdout.decode() == credential.authorization


@pytest.mark.parametrize("credential", invalid_credentials.malformed(), ids=lambda credential: credential.label)
def test_a_literal_header_survives_the_shell(credential: invalid_credentials.Credential) -> None:
    made = subprocess.run(["bash", "-c", f'printf %s "{credential.shown}"'], capture_output=True, check=False)
    assert made.stdout.decode() == credential.authorization
