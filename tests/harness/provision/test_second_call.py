"""A second call keeps what is right, repairs what is not, and renews what expires."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.harness.provision import test_steps
from tests.harness.provision.provisioned import digest, made, stored_keys

if TYPE_CHECKING:
    from tests.harness.provision.conftest import Deployment


def test_a_second_call_keeps_everything_but_renews_the_expiring_key(
    deployment: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    first, dump = made(deployment), deployment.dump()
    capsys.readouterr()
    second = made(deployment)
    assert [key.secret for key in second.keys.flat()] == [key.secret for key in first.keys.flat()]
    assert second.meta == first.meta
    changed = set(dump) ^ set(deployment.dump())
    assert len(changed) == 2
    assert all("wacrm-harness expiring 1" in line for line in changed)
    said = capsys.readouterr().out
    assert "accounts     3 kept" in said
    assert "keys         56 kept, 1 renewed" in said


def test_a_second_call_without_the_file_makes_new_keys_and_retires_the_old(deployment: Deployment) -> None:
    first = made(deployment)
    deployment.file.unlink()
    second = made(deployment)
    stored = stored_keys(deployment)
    assert not {key.secret for key in first.keys.flat()} & {key.secret for key in second.keys.flat()}
    assert all(stored[digest(key.secret)][3] is not None for key in first.keys.flat())
    assert second.meta == first.meta
    assert deployment.rows("SELECT count(*) FROM accounts") == [(5,)]


DAMAGE = {
    "a revoked key": "UPDATE api_keys SET revoked_at = now() WHERE name = 'wacrm-harness full 2'",
    "a key that expired": "UPDATE api_keys SET expires_at = now() WHERE name = 'wacrm-harness only:contacts:read 1'",
    "a key with other scopes": "UPDATE api_keys SET scopes = '{contacts:read}' WHERE name = 'wacrm-harness none 1'",
    "a key that is back": "UPDATE api_keys SET revoked_at = NULL WHERE name = 'wacrm-harness revoked 1'",
    "a deleted key": "DELETE FROM api_keys WHERE name = 'wacrm-harness full 3'",
    "a lost connection": "UPDATE whatsapp_config SET status = 'disconnected'",
    "a deleted connection": "DELETE FROM whatsapp_config",
    "a token nobody can read": "UPDATE whatsapp_config SET access_token = 'plain text'",
    "a template that is not approved": "UPDATE message_templates SET status = 'PENDING', body_text = 'x'",
    "deleted templates": "DELETE FROM message_templates",
    "a renamed account": "UPDATE accounts SET name = 'x' WHERE name = 'wacrm-harness other'",
    "a deleted profile": "DELETE FROM profiles WHERE email LIKE 'main@wacrm-harness%'",
    "a connection too many": """INSERT INTO whatsapp_config (user_id, account_id, phone_number_id, access_token)
      SELECT owner_user_id, id, '1', 'x' FROM accounts WHERE name = 'wacrm-harness unconfigured'""",
    "a deleted account": """DELETE FROM profiles WHERE email LIKE 'other@wacrm-harness%';
      DELETE FROM accounts WHERE name = 'wacrm-harness other'""",
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_second_call_repairs(deployment: Deployment, damage: str) -> None:
    made(deployment)
    deployment.execute(damage)
    target = made(deployment)
    test_steps.test_every_key_of_the_file_is_in_the_database_as_its_role_says(deployment)
    test_steps.test_two_accounts_are_connected_and_their_tokens_open_with_the_encryption_key(deployment)
    test_steps.test_the_templates_are_approved_rows_in_the_form_that_sends_are_checked_against(deployment)
    assert deployment.rows("SELECT count(*) FROM profiles") == [(5,)]
    assert len(target.keys.full) == 5


def test_a_later_call_keeps_other_settings_of_the_file(deployment: Deployment) -> None:
    made(deployment)
    text = deployment.file.read_text()
    edited = text.replace("[target]\n", "[target]\nlimit = 60\n") + "\n[capabilities]\nwebhook_attempts = 3\n"
    deployment.file.write_text(edited)
    target = made(deployment, "--base-url", "http://127.0.0.1:4000")
    assert (target.target.limit, target.target.base_url) == (60, "http://127.0.0.1:4000")
    assert target.capabilities.webhook_attempts == 3


def test_fewer_keys_are_asked_for_and_the_rest_is_retired(deployment: Deployment) -> None:
    first = made(deployment)
    second = made(deployment, "--keys", "2")
    assert second.keys.full == first.keys.full[:2]
    assert sum(revoked is not None for _, _, _, revoked, _ in stored_keys(deployment).values()) == 1 + 3
