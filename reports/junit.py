"""JUnit XML: a test suite per group of clauses, a test case per clause."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

from reports.results import Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from reports.results import ClauseResult, Finding, Results

UNPRINTABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot carry."""


def write(results: Results, path: Path) -> None:
    suites = ET.Element("testsuites", name="wacrm-harness", time=str(results.seconds))
    groups: dict[str, ET.Element] = {}
    for clause in results.clauses:
        group = clause.id.rpartition("-")[0]
        if group not in groups:
            groups[group] = ET.SubElement(suites, "testsuite", name=group)
        groups[group].append(_case(clause, [f for f in results.findings if f.clause == clause.id]))
    for suite in groups.values():
        _count(suite)
    ET.indent(suites)
    ET.ElementTree(suites).write(path, encoding="utf-8", xml_declaration=True)


def _case(clause: ClauseResult, findings: list[Finding]) -> ET.Element:
    seconds = sum(check.seconds for check in clause.checks)
    case = ET.Element("testcase", classname=clause.id.rpartition("-")[0], name=clause.id, time=f"{seconds:.3f}")
    tag = {Verdict.FAIL: "failure", Verdict.ERROR: "error", Verdict.NO_VERDICT: "error", Verdict.SKIP: "skipped"}
    if clause.verdict in tag:
        trouble = ET.SubElement(case, tag[clause.verdict], message=_clean(f"{clause.verdict}: {clause.reason}"))
        trouble.text = _clean("\n\n".join([clause.sentence, *(_story(finding) for finding in findings)]))
    if clause.left_out:
        said = [f"checks skipped: {number} ({reason})" for reason, number in clause.left_out.items()]
        ET.SubElement(case, "system-out").text = _clean("\n".join(said))
    return case


def _story(finding: Finding) -> str:
    lines = [f"{finding.check}\nexpected: {finding.expected}\nactual: {finding.actual}", *finding.evidence]
    return "\n".join([*lines, *(f"$ {e.curl}\n{e.status} {e.body[:500]}" for e in finding.exchanges)])


def _count(suite: ET.Element) -> None:
    suite.set("tests", str(len(suite)))
    for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(attribute, str(len(suite.findall(f"testcase/{tag}"))))


def _clean(text: str) -> str:
    return UNPRINTABLE.sub("�", text)
