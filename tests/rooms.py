"""The rooms of ARCHITECTURE.md: what the modules of a folder may import of this project, besides their own folder.

A module at the top of a package is a room of its own when the table names it, else it belongs to its package.
"""

from __future__ import annotations

PACKAGES = ("service", "reports", "mock_meta", "reference", "conformance", "loadtests", "harness")


def _rooms(package: str, **rooms: str) -> dict[str, set[str]]:
    """Names without a dot are rooms of the same package."""
    return {
        f"{package}.{room}": {
            name if "." in name or name in PACKAGES else f"{package}.{name}" for name in allowed.split()
        }
        for room, allowed in rooms.items()
    }


MOCK_META = _rooms(
    "mock_meta",
    protocol="",
    business="protocol",
    ledger="protocol",
    rules="protocol business",
    simulation="protocol business ledger rules",
    settings="simulation",
    webhooks="protocol business ledger simulation",
    mock="protocol business ledger rules simulation settings webhooks",
    events="protocol business ledger rules simulation webhooks mock",
    graph="protocol business ledger rules simulation mock events",
    control="mock_meta protocol business ledger simulation webhooks mock events graph",
    page="protocol ledger mock control",
    serving="mock_meta protocol simulation settings webhooks mock graph control page service",
    bench="protocol serving service",
)

REFERENCE = _rooms(
    "reference.wacrm",
    protocol="",
    storage="protocol",
    settings="protocol storage",
    webhooks="protocol storage",
    meta="protocol storage settings",
    domain="protocol storage settings webhooks meta",
    inbound="protocol storage webhooks meta domain",
    assembly="protocol storage settings webhooks meta domain inbound",
    routes="protocol storage domain assembly",
    patching="protocol domain assembly",
    faults="protocol storage settings webhooks meta domain inbound assembly patching",
    variants="protocol storage settings webhooks meta domain inbound assembly patching",
    wear="protocol storage settings webhooks meta domain inbound assembly patching faults",
    app="protocol settings assembly routes patching faults variants wear",
    cli="settings patching faults variants wear app service",
)

CONFORMANCE = _rooms(
    "conformance",
    contract="reports",
    target="reports",
    meta="target",
    webhooks="target service",
    limiter="target",
    generation="contract target",
    runner="conformance contract target webhooks limiter reports",
) | _rooms(
    "conformance.wacrm",
    specification="conformance.contract",
    steps="specification conformance.contract conformance.target conformance.meta conformance.webhooks conformance.limiter",
    generation="specification conformance.contract conformance.target conformance.generation",
    expectations=(
        "specification steps conformance.contract conformance.target conformance.meta conformance.webhooks conformance.limiter"
    ),
    reference="conformance.target conformance.meta conformance.runner",
    interlock="steps conformance.target conformance.meta conformance.runner",
    key_roles="steps conformance.target conformance.runner",
    system="specification conformance.wacrm.reference interlock key_roles conformance.target conformance.meta conformance.runner",
    fixtures=(
        "specification steps conformance.contract conformance.target conformance.meta conformance.webhooks "
        "conformance.limiter conformance.generation conformance.runner"
    ),
    checks=(
        "specification steps expectations generation fixtures conformance.contract conformance.target conformance.meta "
        "conformance.webhooks conformance.limiter conformance.generation conformance.runner"
    ),
)  # fmt: skip

LOADTESTS = _rooms(
    "loadtests",
    schedule="",
    measurement="",
    users="schedule measurement conformance.target",
    scenarios="users conformance.target conformance.meta conformance.wacrm.steps",
    accounting="schedule measurement users conformance.target conformance.meta conformance.webhooks",
    verdict="measurement accounting reports",
    reporting="verdict reports",
    cluster=(
        "schedule measurement users scenarios accounting verdict reporting reports conformance.target conformance.meta "
        "conformance.webhooks conformance.runner conformance.wacrm.reference conformance.wacrm.interlock "
        "conformance.wacrm.key_roles conformance.wacrm.system"
    ),
    locustfile="scenarios cluster",
    help_page="locustfile",
    bench="schedule measurement users accounting",
)  # fmt: skip

HARNESS = {
    "harness": {
        "reports", "service", "conformance.contract", "conformance.target", "conformance.runner",
        "conformance.wacrm.specification", "conformance.wacrm.reference", "conformance.wacrm.system",
        "reference.wacrm.faults", "reference.wacrm.variants", "reference.wacrm.wear",
    },
} | _rooms(
    "harness",
    doctor=(
        "harness reports conformance.contract conformance.target conformance.meta conformance.webhooks conformance.runner "
        "conformance.wacrm.steps conformance.wacrm.interlock conformance.wacrm.key_roles conformance.wacrm.system"
    ),
    pointing="harness reports service conformance.target conformance.webhooks conformance.runner mock_meta.serving",
    provision="harness reports conformance.target conformance.meta conformance.wacrm.reference",
)  # fmt: skip

MAY_IMPORT: dict[str, set[str]] = {
    "service": set(),
    "reports": set(),
    "mock_meta": set(),
    "mock_meta.__main__": {"mock_meta.serving"},
    "reference": set(),
    "reference.wacrm.__main__": {"reference.wacrm.cli"},
    "conformance": set(),
    "loadtests": set(),
    "loadtests.__main__": {"loadtests.help_page"},
    **MOCK_META, **REFERENCE, **CONFORMANCE, **LOADTESTS, **HARNESS,
}  # fmt: skip
