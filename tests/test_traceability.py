"""No clause without a check and a fault, no check or fault without a clause; the generated page is true."""

from __future__ import annotations

import pytest

from conformance.contract import requirements
from harness import traceability
from reference.wacrm.faults import FAULTS


def test_every_clause_has_a_check() -> None:
    assert [row.requirement.id for row in traceability.rows() if not row.checks] == []


def test_every_clause_has_two_faults() -> None:
    assert [row.requirement.id for row in traceability.rows() if len(row.faults) < 2] == []


def test_every_check_has_its_clause() -> None:
    assert set(traceability.checks_by_clause()) <= set(requirements.load(traceability.SYSTEM.requirements))


def test_a_file_holds_the_checks_of_one_group() -> None:
    """The gate reads the files of selected groups only."""
    strangers = [
        f"{check} judges {clause}"
        for clause, checks in traceability.checks_by_clause().items()
        for check in checks
        if not check.startswith(f"test_{clause.partition('-')[0].lower()}")
    ]
    assert strangers == []


def test_every_fault_has_its_clause() -> None:
    known = requirements.load(traceability.SYSTEM.requirements)
    assert [fault.name for fault in FAULTS.values() if fault.clause not in known] == []


def test_the_page_is_true() -> None:
    if traceability.PAGE.read_text(encoding="utf-8") != traceability.render(traceability.rows()):
        pytest.fail("docs/requirements.md is not what it should be: run wacrm-harness requirements --write")
