from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.harness.provision.conftest import one_line
from tests.harness.provision.schemas import HARNESS

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.harness.provision.conftest import Deployment

LOOSE = """
CREATE TABLE call_logs (id serial PRIMARY KEY, account_id uuid NOT NULL, note text);
CREATE TABLE deals (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), account_id uuid NOT NULL REFERENCES accounts(id),
  contact_id uuid REFERENCES contacts(id));
CREATE TABLE deal_notes (id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  deal_id uuid NOT NULL REFERENCES deals(id) ON DELETE RESTRICT);
"""
"""A fork's tables that do not go with the account: no foreign key at all, none that cascades, and one that hangs on that."""
LOOSE_ROWS = """
INSERT INTO call_logs (account_id, note) SELECT id, name FROM accounts {0};
INSERT INTO deals (account_id, contact_id) SELECT a.id, c.id FROM accounts a JOIN contacts c ON c.account_id = a.id {1};
INSERT INTO deal_notes (deal_id) SELECT d.id FROM deals d JOIN accounts a ON a.id = d.account_id {1};
"""
OURS = ("WHERE name LIKE 'wacrm-harness%'", "WHERE a.name LIKE 'wacrm-harness%'")


def test_everything_is_as_it_was_before(deployment: Deployment, capsys: pytest.CaptureFixture[str]) -> None:
    before = deployment.dump()
    deployment.provision()
    deployment.execute(HARNESS)
    assert deployment.remove() == 0
    assert deployment.dump() == before
    said = capsys.readouterr().out
    assert "removed          60 of contacts" in said
    assert "removed         120 of messages" in said
    assert "removed           3 of accounts" in said
    assert "other rows in" in said


def test_tables_that_do_not_cascade_are_emptied_of_our_rows_only(deployment: Deployment) -> None:
    deployment.execute(LOOSE + LOOSE_ROWS.format("", ""))
    before = deployment.dump()
    deployment.provision()
    deployment.execute(HARNESS + LOOSE_ROWS.format(*OURS))
    assert deployment.remove() == 0
    assert without_sequences(deployment.dump()) == without_sequences(before)
    assert deployment.rows("SELECT count(*) FROM call_logs") == [(2,)]


def without_sequences(dump: list[str]) -> list[str]:
    """A sequence keeps the numbers that it gave away."""
    return [line for line in dump if "setval" not in line]


def test_messages_that_answer_each_other_go_too(deployment: Deployment) -> None:
    before = deployment.dump()
    deployment.provision()
    deployment.execute(HARNESS)
    deployment.execute(
        """UPDATE messages m SET reply_to = (SELECT min(id::text)::uuid FROM messages o
          WHERE o.conversation_id = m.conversation_id) FROM conversations c JOIN accounts a ON a.id = c.account_id
        WHERE c.id = m.conversation_id AND a.name LIKE 'wacrm-harness%'"""
    )
    assert deployment.remove() == 0
    assert deployment.dump() == before


def test_tables_that_refer_to_each_other_in_a_circle_are_emptied(deployment: Deployment) -> None:
    deployment.execute("ALTER TABLE conversations ADD last_message_id uuid REFERENCES messages(id)")
    before = deployment.dump()
    deployment.provision()
    deployment.execute(HARNESS)
    deployment.execute(
        "UPDATE conversations c SET last_message_id = (SELECT min(id::text)::uuid FROM messages WHERE conversation_id = c.id)"
        " WHERE account_id IN (SELECT id FROM accounts WHERE name LIKE 'wacrm-harness%')"
    )
    assert deployment.remove() == 0
    assert deployment.dump() == before


SHARED = """
CREATE TABLE shares (id int PRIMARY KEY, account_id uuid NOT NULL REFERENCES accounts(id),
  contact_id uuid REFERENCES contacts(id) ON DELETE {action});
INSERT INTO shares SELECT 1, (SELECT id FROM accounts WHERE name LIKE 'Ada%'), c.id
  FROM contacts c JOIN accounts a ON a.id = c.account_id WHERE a.name LIKE 'wacrm-harness%' LIMIT 1;
"""
AUDIT = """
CREATE TABLE audit (what text);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.audit VALUES ('x'); RETURN OLD; END $$;
CREATE TRIGGER note BEFORE DELETE ON accounts FOR EACH ROW EXECUTE FUNCTION note();
"""
TAGGED = """
INSERT INTO contact_tags SELECT c.id, t.id FROM contacts c, tags t
  WHERE c.account_id IN (SELECT id FROM accounts WHERE name LIKE 'Ada%')
  AND t.account_id IN (SELECT id FROM accounts WHERE name = 'wacrm-harness main') LIMIT 1;
"""


@pytest.mark.parametrize(
    ("meanwhile", "said"),
    [
        (SHARED.format(action="CASCADE"), "shares: 1 rows before, 0 after"),
        (SHARED.format(action="SET NULL"), "shares: 1 rows, some of them changed"),
        (AUDIT, "audit: 0 rows before, 3 after"),
        (TAGGED, "contact_tags: 41 rows before, 40 after"),
    ],
    ids=[
        "another account's row goes",
        "another account's row changes",
        "a trigger writes",
        "another's contact is untagged",
    ],
)
def test_a_change_to_others_undoes_everything(
    deployment: Deployment, meanwhile: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    deployment.provision()
    deployment.execute(HARNESS)
    deployment.execute(meanwhile)
    before = deployment.dump()
    assert deployment.remove() == 4
    assert said in one_line(capsys.readouterr().err)
    assert deployment.dump() == before


def test_a_person_who_joined_the_account_is_not_removed_with_it(
    deployment: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    deployment.provision()
    deployment.execute(
        """UPDATE profiles SET account_id = (SELECT id FROM accounts WHERE name = 'wacrm-harness main')
        WHERE email = 'ada@example.test'"""
    )
    before = deployment.dump()
    assert deployment.remove() == 4
    assert "1 other users are members" in one_line(capsys.readouterr().err)
    assert deployment.dump() == before


def test_the_dry_run_removes_nothing(deployment: Deployment, capsys: pytest.CaptureFixture[str]) -> None:
    deployment.provision()
    deployment.execute(HARNESS)
    before = deployment.dump()
    assert deployment.remove("--dry-run") == 0
    assert '(DELETE FROM "public"."contacts"' in capsys.readouterr().out
    assert deployment.dump() == before


def test_nothing_to_remove_is_said(deployment: Deployment, capsys: pytest.CaptureFixture[str]) -> None:
    before = deployment.dump()
    assert deployment.remove() == 0
    assert "nothing to remove" in capsys.readouterr().out
    assert deployment.dump() == before


def test_accounts_without_their_owner_are_removed(deploy: Callable[[str], Deployment]) -> None:
    plain = deploy("plain")
    before = plain.dump()
    plain.provision()
    plain.execute(
        """ALTER TABLE accounts DROP CONSTRAINT accounts_owner_user_id_fkey;
        DELETE FROM profiles WHERE email LIKE '%harness.invalid'; DELETE FROM "user" WHERE email LIKE '%harness.invalid'"""
    )
    assert plain.remove() == 0
    assert plain.dump() == before


def test_provisioning_again_after_removal_takes_the_file_s_keys(deployment: Deployment) -> None:
    deployment.provision()
    keys = deployment.file.read_text().split("[keys]")[1].split("expiring")[0]
    deployment.remove()
    deployment.provision()
    assert keys in deployment.file.read_text()
