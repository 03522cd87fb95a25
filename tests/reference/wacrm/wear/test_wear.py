"""Wear as data, and beside faults."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from reference.wacrm.app import create_app
from reference.wacrm.faults import FAULTS
from reference.wacrm.settings import Settings, parse_accounts
from reference.wacrm.wear import SETS, WEAR, UnknownWearError, find
from tests.reference.wacrm.conftest import accounts
from tests.reference.wacrm.faults.scenarios import SCENARIOS, observed, unbroken

CLAUSES = set(
    re.findall(
        r"id: ([A-Z]+-\d+)",
        (Path(__file__).parents[4] / "conformance" / "wacrm" / "requirements.yaml").read_text(encoding="utf-8"),
    )
)


@pytest.mark.parametrize("name", WEAR)
def test_wear_names_clauses_and_faults_that_exist(name: str) -> None:
    wear = WEAR[name]
    assert wear.name == name
    assert wear.breaks | set(wear.hides) <= CLAUSES
    assert not wear.breaks & set(wear.hides)
    assert set(wear.covers) <= set(FAULTS)
    assert "\n" not in wear.sentence


def test_a_set_breaks_what_its_parts_break() -> None:
    assert len(SETS) == 3
    assert SETS["worn-a"].breaks > WEAR["phones-without-plus"].breaks | WEAR["broadcast-counts-never-move"].breaks
    assert set(SETS["worn-c"].hides) > set(WEAR["internal-targets-refused"].hides)


def test_an_unknown_name_is_refused_with_those_there_are() -> None:
    with pytest.raises(UnknownWearError, match="phones-without-plus"):
        find("phones")


def test_every_fault_can_be_installed_beside_all_wear() -> None:
    read = parse_accounts(accounts())
    settings = Settings(read.app_secret, read.verify_token, read.accounts)
    for fault in FAULTS:
        create_app(settings, [fault], wear=[name for name in WEAR if name not in SETS]).state.wacrm.db.close()


@pytest.mark.parametrize(
    "name",
    ["company-is-dropped-on-create", "known-phone-gains-tags", "search-matches-email", "send-answers-200"],
)
def test_a_fault_is_seen_beside_wear(name: str) -> None:
    group, wear = FAULTS[name].group, ("worn-b",)
    assert any(observed(s, group, name, wear=wear) != unbroken(s, group, wear) for s in SCENARIOS[group])
