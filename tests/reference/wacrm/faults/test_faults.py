from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from reference.wacrm.faults import FAULTS, MODULES, UnknownFaultError, find
from reference.wacrm.faults.registry import collect
from tests.reference.wacrm.conftest import deployed, says

REQUIREMENTS = Path(__file__).parents[4] / "conformance" / "wacrm" / "requirements.yaml"


def test_every_clause_has_two_faults() -> None:
    clauses = re.findall(r"id: ([A-Z]+-\d+)", REQUIREMENTS.read_text(encoding="utf-8"))
    counts = Counter(fault.clause for fault in FAULTS.values())
    assert [clause for clause in clauses if counts[clause] < 2] == []
    assert set(counts) <= set(clauses)


def test_every_fault_says_what_it_stands_for() -> None:
    for name, fault in FAULTS.items():
        assert name == fault.name
        assert re.fullmatch(r"[a-z0-9-]+", name)
        assert 15 < len(fault.defect) < 140
        assert "\n" not in fault.defect


def test_an_unknown_name_gets_a_hint() -> None:
    with pytest.raises(UnknownFaultError, match="revoked-key-still-sends"):
        find("revoked-key-still-send")


@pytest.mark.parametrize("name", FAULTS)
def test_a_broken_application_still_works_otherwise(name: str) -> None:
    """A fault breaks one thing: the ordinary walk through the API ends in no error of the server's own."""
    with deployed(name) as wacrm:
        answers = [
            wacrm.get("/me"),
            wacrm.post("/contacts", {"phone": "+14155550101", "name": "Anna", "tags": ["vip"]}),
            wacrm.post("/messages", {"to": "+14155550101", "text": "hello"}),
            wacrm.post("/broadcasts", {"template_name": "promo", "recipients": [{"to": "+14155550102"}]}),
            wacrm.post("/webhooks", {"url": "https://127.0.0.1:8443/x", "events": ["message.received"]}),
        ]
        assert wacrm.webhook({"entry": []}) in {200, 401}
        wacrm.inbound(says("hi", "wamid.in")) if name != "signature-is-checked-over-reserialised-json" else None
        answers += [wacrm.get(path) for path in ("/contacts", "/conversations", "/webhooks")]
        assert [answer.status_code for answer in answers if answer.status_code not in {200, 201, 202}] == []


@pytest.mark.parametrize("name", MODULES)
def test_a_modules_first_line_names_the_clauses_of_its_faults(name: str) -> None:
    """So that who has a clause finds its faults, and the place for a new one."""
    declared = {fault.clause for fault in collect([MODULES[name]]).values()}
    if declared and name != "load":
        clauses, _, _ = (MODULES[name].__doc__ or "").partition(":")
        assert clauses.split(", ") == sorted(declared)
        assert {clause.rpartition("-")[0].lower() for clause in declared} == {name.partition(".")[0]}


def test_a_clause_has_one_module() -> None:
    homes = Counter(clause for module in MODULES.values() for clause in {f.clause for f in collect([module]).values()})
    assert set(homes.values()) == {1}
