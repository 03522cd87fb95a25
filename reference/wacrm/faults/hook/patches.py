"""HOOK: patches that several modules of the group have in common."""

import ipaddress

from reference.wacrm.assembly import Wacrm
from reference.wacrm.patching.patches import patch
from reference.wacrm.patching.steps import wrap
from reference.wacrm.protocol.bodies import WebhookPatch
from reference.wacrm.protocol.envelope import Json
from reference.wacrm.webhooks.allowed_targets import literal


def loopback(host: str) -> str | None:
    """The loopback address that a host spells out, without asking anybody."""
    if host.rstrip(".").lower() in {"localhost", "ip6-localhost"}:
        return "127.0.0.1"
    address = literal(host)
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return str(address) if address is not None and address.is_loopback else None


@patch
def after_a_change(wacrm: Wacrm, sql: str, member: str) -> None:
    """Run a statement with `:id` after a PATCH that sends the member."""
    update = wacrm.endpoints.update

    def followed(account: str, text: str, body: WebhookPatch) -> Json:
        shown = update(account, text, body)
        if member in body.model_fields_set:
            wacrm.db.run(sql, {"id": shown["id"]})
        return wacrm.endpoints.read(account, text)

    wrap(wacrm.endpoints, "update", followed)


@patch
def assign(wacrm: Wacrm, column: str) -> None:
    """A PATCH writes the column of this name too."""
    validate, update = wacrm.bodies.validate, wacrm.endpoints.update
    sent: list[Json] = []

    def seen(body: Json, model: type) -> object:
        sent[:] = [body] if model is WebhookPatch else sent
        return validate(body, model)

    def assigned(account: str, text: str, body: WebhookPatch) -> Json:
        shown = update(account, text, body)
        if sent and isinstance(sent[0].get(column), str | int):
            sql = f"UPDATE webhook_endpoints SET {column} = :value WHERE id = :id"  # noqa: S608 - the fault's own name
            wacrm.db.run(sql, {"value": sent[0][column], "id": shown["id"]})
        return wacrm.endpoints.read(account, text)

    wrap(wacrm.bodies, "validate", seen)
    wrap(wacrm.endpoints, "update", assigned)
