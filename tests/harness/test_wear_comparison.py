from __future__ import annotations

from harness import wear_comparison, worn, worn_kills
from harness.gate_run import Changes, GateRun
from harness.wear_comparison import Comparison, compare
from reference.wacrm.faults import FAULTS
from reference.wacrm.wear import WEAR, Wear

WORN = Wear("worn", "a sentence", lambda _wacrm: None, frozenset({"CONT-11", "CONV-01"}), hides={"CONT-02": "why"})
ASKED = ("CONT-01", "CONT-02", "CONT-11")


def said(trouble: str = "", **verdicts: str) -> GateRun:
    by_clause = {name.replace("_", "-"): verdict for name, verdict in verdicts.items()}
    clauses = [
        {"id": id_, "checks": [{"name": "test_x", "verdict": verdict, "reason": "because"}]}
        for id_, verdict in by_clause.items()
    ]
    red = [id_ for id_, verdict in by_clause.items() if verdict == "fail"]
    findings = [{"clause": id_, "check": "test_x", "expected": "one", "actual": "none"} for id_ in red]
    return GateRun(by_clause, {}, 0, trouble, clauses, findings, 2.0, 30)


def compared(*runs: GateRun) -> Comparison:
    return compare(WORN, runs, ASKED)


def test_what_is_broken_must_be_red_and_all_else_judged() -> None:
    one = compared(said(CONT_01="pass", CONT_02="no-verdict", CONT_11="fail"))
    assert one.is_right
    assert (one.expected, one.details) == (("CONT-11",), ())


def test_what_is_hidden_may_be_judged_and_not_be_red() -> None:
    assert compared(said(CONT_01="pass", CONT_02="pass", CONT_11="fail")).is_right
    assert compared(said(CONT_01="pass", CONT_02="fail", CONT_11="fail")).red_too_much == ("CONT-02",)


def test_a_red_clause_too_many_comes_with_its_findings() -> None:
    one = compared(said(CONT_01="fail", CONT_02="pass", CONT_11="fail"))
    assert one.red_too_much == ("CONT-01",)
    assert one.details == ("CONT-01 test_x: expected one, got none",)


def test_a_clause_without_verdict_comes_with_the_reason() -> None:
    one = compared(said(CONT_01="error", CONT_02="skip", CONT_11="fail"))
    assert one.unjudged == ("CONT-01",)
    assert one.details == ("CONT-01 test_x: error: because",)


def test_what_is_broken_and_not_red_is_missed() -> None:
    assert compared(said(CONT_01="pass", CONT_02="pass", CONT_11="pass")).missed == ("CONT-11",)
    assert compared(said(CONT_01="pass", CONT_02="pass", CONT_11="no-verdict")).missed == ("CONT-11",)


def test_a_run_that_ended_early_misses_everything() -> None:
    one = compared(said("hung for 9 s"))
    assert (one.missed, one.unjudged, one.details) == (("CONT-11",), ("CONT-01",), ("hung for 9 s",))


def test_runs_add_up() -> None:
    one = compared(said(CONT_01="pass", CONT_02="pass"), said(CONT_11="fail"))
    assert one.is_right
    assert (one.seconds, one.requests) == (4.0, 60)


def test_the_table_has_a_row_per_wear() -> None:
    made = wear_comparison.table([compared(said()), compared(said())])
    assert made.row_count == 2


def test_a_fault_of_a_clause_that_is_red_anyway_is_hidden() -> None:
    broken = next(fault for fault in FAULTS.values() if fault.clause == "CONT-11")
    judged = next(fault for fault in FAULTS.values() if fault.clause == "CONT-06")
    silent = next(fault for fault in FAULTS.values() if fault.clause == "HOOK-06")
    assert worn_kills.hidden(WEAR["worn-a"], broken) == "CONT-11 is red without it"
    assert worn_kills.hidden(WEAR["worn-a"], judged) is None
    assert worn_kills.hidden(WEAR["worn-c"], silent) == WEAR["worn-c"].hides["HOOK-06"]


def test_groups_are_those_of_the_contract() -> None:
    assert worn.groups("conv,CONT") == ["CONT", "CONV"]
    assert worn.groups("")[:2] == ["AUTH", "SCOPE"]
    assert worn.clauses_of(["SPEC"]) == ["SPEC-01", "SPEC-02", "SPEC-03", "SPEC-04"]


def test_changes_are_options_of_the_gate() -> None:
    assert Changes(["f"], wear=["w", "v"]).options() == ["--fault=f", "--wear=w", "--wear=v"]
