from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.harness.provision.conftest import one_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.harness.provision.conftest import Deployment


def test_the_shape_is_told(deploy: Callable[[str], Deployment], capsys: pytest.CaptureFixture[str]) -> None:
    for schema, title in (("supabase", "Wacrm on Supabase"), ("plain", "a fork on plain PostgreSQL")):
        assert deploy(schema).provision() == 0
        assert f"schema       {title}\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("DROP TABLE message_templates", "lacks table message_templates"),
        (
            "ALTER TABLE api_keys RENAME key_hash TO hash; ALTER TABLE contacts DROP name",
            "lacks column api_keys.key_hash.",
        ),
    ],
)
def test_a_third_shape_is_named_with_what_it_lacks(
    deployment: Deployment, change: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    deployment.execute(change)
    assert deployment.provision() == 4
    captured = one_line(capsys.readouterr().err)
    assert said in captured
    assert "provision --guided" in captured
    assert deployment.remove() == 4


def test_a_database_of_something_else(deploy: Callable[[str], Deployment], capsys: pytest.CaptureFixture[str]) -> None:
    plain = deploy("plain")
    plain.execute('ALTER TABLE "user" RENAME TO members')
    assert plain.provision() == 4
    assert "neither a table auth.users (Wacrm on Supabase) nor user (a fork" in one_line(capsys.readouterr().err)


def test_where_both_user_tables_are_the_accounts_say_which_counts(
    deploy: Callable[[str], Deployment], capsys: pytest.CaptureFixture[str]
) -> None:
    plain = deploy("plain")
    plain.execute("CREATE SCHEMA auth; CREATE TABLE auth.users (id uuid, email text, raw_user_meta_data jsonb)")
    assert plain.provision() == 0
    assert "a fork on plain PostgreSQL" in capsys.readouterr().out


def test_a_trigger_may_fill_what_nobody_else_knows(deploy: Callable[[str], Deployment]) -> None:
    """A column of a table whose rows the trigger makes is no concern of ours."""
    supabase = deploy("supabase")
    supabase.execute(
        """ALTER TABLE accounts ADD slug text; UPDATE accounts SET slug = id::text; ALTER TABLE accounts ALTER slug SET NOT NULL;
        CREATE FUNCTION slug() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.slug := NEW.id; RETURN NEW; END $$;
        CREATE TRIGGER slug BEFORE INSERT ON accounts FOR EACH ROW EXECUTE FUNCTION slug()"""
    )
    assert supabase.provision() == 0
