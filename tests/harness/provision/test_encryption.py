from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from harness.provision.encryption import decrypt, encrypt, encryption_key
from harness.provision.errors import ProvisionError

KEY = bytes(range(32))


def test_the_documented_form_opens_with_aes_256_gcm() -> None:
    iv, sealed, tag = (bytes.fromhex(part) for part in encrypt(KEY, "EAAtoken").split(":"))
    assert (len(iv), len(sealed), len(tag)) == (12, 8, 16)
    assert AESGCM(KEY).decrypt(iv, sealed + tag, None) == b"EAAtoken"


def test_every_token_has_an_iv_of_its_own() -> None:
    assert encrypt(KEY, "a") != encrypt(KEY, "a")


def test_what_was_encrypted_is_read_back() -> None:
    assert decrypt(KEY, encrypt(KEY, "été")) == "été"


@pytest.mark.parametrize("stored", [None, "", "plain", "00:11:22", "a:b", f"{'00' * 12}:{'11' * 4}:{'22' * 16}"])
def test_what_the_key_does_not_open_is_none(stored: str | None) -> None:
    assert decrypt(KEY, stored) is None


def test_a_key_is_64_hex_characters() -> None:
    assert encryption_key("0F" * 32 + "\n", "K") == b"\x0f" * 32


@pytest.mark.parametrize(
    ("text", "said"), [(None, "has no KEY_VARIABLE"), ("", "has no"), ("abc", "3 characters"), ("x" * 64, "64 hex")]
)
def test_another_key_is_refused_unseen(text: str | None, said: str) -> None:
    with pytest.raises(ProvisionError) as caught:
        encryption_key(text, "KEY_VARIABLE")
    assert said in str(caught.value)
    assert "xxx" not in str(caught.value)
