"""The templates that checks send, as rows that the deployment takes for approved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from psycopg import sql
from psycopg.types.json import Jsonb

from conformance.meta.templates import TEMPLATES
from harness.provision.outcomes import Outcome, outcome
from harness.provision.tenants import one_of

if TYPE_CHECKING:
    from harness.provision.database import Database
    from harness.provision.layout import Layout
    from harness.provision.tenants import Account

REPAIRED = ("user_id", "header_type", "header_content", "body_text", "buttons", "status")


def ensure(database: Database, layout: Layout, account: Account) -> list[Outcome]:
    """Every template of the harness in this account: found and repaired, or made."""
    table = layout.message_templates
    of_account = sql.SQL("account_id IN {}").format(one_of([account.id]))
    present = set(database.select(table.table, ["name", "language"], of_account))
    rows = [{**account.facts, **facts(template)} for template in TEMPLATES]
    missing = [row for row in rows if (row["template_name"], row["language"]) not in present]
    database.insert(table.table, [table.inserted(row) for row in missing])
    found = [row for row in rows if row not in missing]
    return [Outcome.MADE] * len(missing) + [_repair(database, layout, row) for row in found]


def _repair(database: Database, layout: Layout, row: dict[str, Any]) -> Outcome:
    where = {"account_id": row["account_id"], "name": row["template_name"], "language": row["language"]}
    right = layout.message_templates.repaired(row, REPAIRED)
    return outcome(made=False, changed=database.update(layout.message_templates.table, right, where))


def facts(template: dict[str, Any]) -> dict[str, Any]:
    """Meta's template (name, language, category, components) as the columns of `message_templates`."""
    parts = {component["type"]: component for component in template["components"]}
    header, buttons = parts.get("HEADER", {}), parts.get("BUTTONS", {}).get("buttons")
    return {
        "template_name": template["name"],
        "language": template["language"],
        "category": template["category"].capitalize(),
        "header_type": header["format"].lower() if header else None,
        "header_content": header.get("text"),
        "body_text": parts["BODY"]["text"],
        "footer_text": parts.get("FOOTER", {}).get("text"),
        "buttons": Jsonb([{name: button.get(name) for name in ("type", "text", "url")} for button in buttons])
        if buttons else None,
    }  # fmt: skip
