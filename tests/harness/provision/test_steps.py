from __future__ import annotations

import stat
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from conformance.meta.templates import TEMPLATES
from conformance.target.keys import Role
from conformance.target.target import SCOPES
from tests.harness.provision.conftest import ENCRYPTION_KEY, PASSWORD, Deployment, one_line
from tests.harness.provision.provisioned import digest, made, opened, stored_keys

if TYPE_CHECKING:
    from collections.abc import Callable


def test_every_key_of_the_file_is_in_the_database_as_its_role_says(deployment: Deployment) -> None:
    target, now = made(deployment), datetime.now(UTC)
    stored = stored_keys(deployment)
    keys = target.keys.flat()
    assert {digest(key.secret) for key in keys} == set(stored)
    for key in keys:
        account, scopes, expires, revoked, prefix = stored[digest(key.secret)]
        kind, _, scope = key.role.partition(":")
        expected = {"only": {scope}, "all_but": set(SCOPES) - {scope}, "none": set()}.get(kind, set(SCOPES))
        assert set(scopes) == expected, key.role
        assert (
            account == f"wacrm-harness {'other' if kind == Role.OTHER else kind if kind == 'unconfigured' else 'main'}"
        )
        assert (revoked is not None) == (kind == Role.REVOKED)
        assert (expires is not None) == (kind in {Role.EXPIRED, Role.EXPIRING})
        assert prefix == key.secret[:19]
        if kind == Role.EXPIRED:
            assert expires is not None
            assert expires < now
    assert len([key for key in keys if key.role == Role.FULL]) == 5


def test_the_file_has_every_role_and_the_expiring_key_with_its_time(deployment: Deployment) -> None:
    before = datetime.now(UTC)
    target = made(deployment)
    assert set(target.keys.model_fields_set) == set(type(target.keys).model_fields)
    assert set(target.keys.only) == set(target.keys.all_but) == set(SCOPES)
    assert target.keys.expiring is not None
    expires = stored_keys(deployment)[digest(target.keys.expiring.key.get_secret_value())][2]
    assert target.keys.expiring.expires_at == expires
    assert timedelta(minutes=2) < target.keys.expiring.expires_at - before < timedelta(minutes=4)


def test_the_file_is_for_its_owner_only(deployment: Deployment) -> None:
    made(deployment)
    assert stat.S_IMODE(deployment.file.stat().st_mode) == 0o600
    assert list(deployment.file.parent.iterdir()) == [deployment.file]


def test_two_accounts_are_connected_and_their_tokens_open_with_the_encryption_key(deployment: Deployment) -> None:
    target = made(deployment)
    assert target.meta is not None
    assert target.meta.access_token is not None
    assert target.meta.other_access_token is not None
    rows = deployment.rows(
        "SELECT a.name, phone_number_id, waba_id, access_token, verify_token, status, connected_at IS NOT NULL"
        " FROM whatsapp_config JOIN accounts a ON a.id = account_id ORDER BY a.name"
    )
    verify = target.meta.verify_token.get_secret_value()
    assert [(*row[:3], opened(row[3]), opened(row[4]), *row[5:]) for row in rows] == [
        ("wacrm-harness main", target.meta.phone_number_id, target.meta.waba_id,
         target.meta.access_token.get_secret_value(), verify, "connected", True),
        ("wacrm-harness other", target.meta.other_phone_number_id, target.meta.other_waba_id,
         target.meta.other_access_token.get_secret_value(), verify, "connected", True),
    ]  # fmt: skip
    assert target.meta.phone_number_id[-4:] != target.meta.other_phone_number_id[-4:]


def test_the_templates_are_approved_rows_in_the_form_that_sends_are_checked_against(deployment: Deployment) -> None:
    made(deployment)
    rows = deployment.rows("SELECT name, language, status FROM message_templates")
    expected = {(template["name"], template["language"], "APPROVED") for template in TEMPLATES}
    assert (set(rows), len(rows)) == (expected, 2 * len(TEMPLATES))
    order = deployment.rows(
        "SELECT category, header_type, header_content, body_text, buttons FROM message_templates WHERE name = 'harness_order'"
    )[0]
    url = {"type": "URL", "text": "Track", "url": "https://media.wacrm.invalid/track/{{1}}"}
    assert order == ("Utility", "text", "Order {{1}}", "{{1}}, we sent it with {{2}}.", [url])


def test_accounts_of_a_plain_fork_admit_the_api_and_have_a_default_number(deploy: Callable[[str], Deployment]) -> None:
    plain = deploy("plain")
    made(plain)
    assert plain.rows("SELECT allow_api FROM accounts WHERE name LIKE 'wacrm-harness%'") == [(True,)] * 3
    assert plain.rows("SELECT is_default FROM whatsapp_config") == [(True,)] * 2
    roles = plain.rows("SELECT account_role FROM profiles WHERE email LIKE '%@wacrm-harness.invalid'")
    assert roles == [("owner",)] * 3


def test_users_leave_the_auth_service_no_null_for_a_token(deploy: Callable[[str], Deployment]) -> None:
    supabase = deploy("supabase")
    made(supabase)
    query = "SELECT confirmation_token, recovery_token FROM auth.users WHERE email LIKE '%@wacrm-harness.invalid'"
    assert supabase.rows(query) == [("", "")] * 3


def test_times_without_zone_are_utc(deploy: Callable[[str], Deployment]) -> None:
    plain = deploy("plain")
    plain.execute(
        f"""ALTER TABLE api_keys ALTER expires_at TYPE timestamp, ALTER revoked_at TYPE timestamp;
        ALTER DATABASE {plain.name} SET timezone = 'America/Sao_Paulo'"""
    )
    first, second = made(plain), made(plain)
    assert first.keys.full == second.keys.full
    assert second.keys.expiring is not None
    stored = plain.rows("SELECT expires_at FROM api_keys WHERE name = 'wacrm-harness expiring 1'")
    assert stored == [(second.keys.expiring.expires_at.replace(tzinfo=None),)]


def test_rows_of_others_stay_as_they_are(deployment: Deployment) -> None:
    before = set(deployment.dump())
    made(deployment)
    assert before <= set(deployment.dump())


def test_the_dry_run_shows_the_statements_and_changes_nothing(
    deployment: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    before = deployment.dump()
    assert deployment.provision("--dry-run") == 0
    said = capsys.readouterr().out
    assert deployment.dump() == before
    assert not deployment.file.exists()
    assert 'INSERT INTO "public"."whatsapp_config"' in said
    assert "<encrypted access token of main>" in said
    assert "<hash of wacrm-harness full 1>" in said
    assert "-- dry run" in said


def test_no_secret_is_printed(deployment: Deployment, capsys: pytest.CaptureFixture[str]) -> None:
    target = made(deployment)
    deployment.execute("UPDATE whatsapp_config SET access_token = 'x'; UPDATE api_keys SET revoked_at = now()")
    deployment.provision("--dry-run")
    captured = capsys.readouterr()
    said = captured.out + captured.err
    hidden = [*target.secrets, *(digest(key.secret) for key in target.keys.flat()), PASSWORD, ENCRYPTION_KEY]
    assert not [secret for secret in hidden if secret in said]


def test_an_encryption_key_that_opens_nothing_else_is_suspicious(
    deployment: Deployment, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    made(deployment)
    deployment.execute(
        """UPDATE whatsapp_config SET account_id = (SELECT id FROM accounts WHERE name LIKE 'Ada%')
        WHERE account_id = (SELECT id FROM accounts WHERE name = 'wacrm-harness main')"""
    )
    capsys.readouterr()
    made(deployment)
    assert "warning" not in capsys.readouterr().out
    monkeypatch.setenv("ENCRYPTION_KEY", "f" * 64)
    made(deployment)
    assert "warning      the encryption key opens none" in capsys.readouterr().out


def test_a_fork_wants_a_value_that_nobody_knows(deployment: Deployment, capsys: pytest.CaptureFixture[str]) -> None:
    deployment.execute(
        """ALTER TABLE whatsapp_config ADD channel text NOT NULL; ALTER TABLE api_keys ADD daily_limit int NOT NULL DEFAULT 1;
        ALTER TABLE message_templates ADD kind int NOT NULL"""
    )
    before = deployment.dump()
    assert deployment.provision() == 4
    said = one_line(capsys.readouterr().err)
    assert "--column whatsapp_config.channel=VALUE" in said
    assert "--column message_templates.kind=VALUE" in said
    assert "daily_limit" not in said
    assert deployment.dump() == before
    made(deployment, "--column", "whatsapp_config.channel=whatsapp", "--column", "message_templates.kind=7")
    assert deployment.rows("SELECT DISTINCT channel FROM whatsapp_config") == [("whatsapp",)]
    assert deployment.rows("SELECT DISTINCT kind FROM message_templates") == [(7,)]


@pytest.mark.parametrize(
    ("column", "said"),
    [
        ("contacts.name=x", "rows are made in"),
        ("whatsapp_config.statsu=x", "Did you mean status?"),
        ("whatsapp_config", "write TABLE.COLUMN=VALUE"),
    ],
)
def test_a_wrong_column_is_refused(
    deployment: Deployment, column: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert deployment.provision("--column", column) == 4
    assert said in one_line(capsys.readouterr().err)


def test_half_of_an_earlier_provisioning_is_completed(deploy: Callable[[str], Deployment]) -> None:
    plain = deploy("plain")
    plain.execute(
        """ALTER TABLE accounts DROP CONSTRAINT accounts_owner_user_id_fkey;
        INSERT INTO accounts (name, owner_user_id) VALUES ('wacrm-harness main', 'nobody');
        INSERT INTO "user" VALUES ('u1', 'x', 'other@wacrm-harness.invalid', true, now(), now())"""
    )
    made(plain)
    owners = plain.rows(
        "SELECT email FROM accounts a JOIN \"user\" u ON u.id = a.owner_user_id WHERE a.name LIKE 'wacrm%'"
    )
    assert sorted(owners) == [(f"{name}@wacrm-harness.invalid",) for name in ("main", "other", "unconfigured")]


def test_a_stranger_in_the_way_is_named(deployment: Deployment, capsys: pytest.CaptureFixture[str]) -> None:
    deployment.execute("CREATE UNIQUE INDEX one_name ON message_templates (name, language)")
    assert deployment.provision() == 4
    said = one_line(capsys.readouterr().err)
    assert "one_name" in said
    assert "--remove" in said
