"""JUnit XML: a test suite per group of clauses, a test case per clause.

junitparser writes the file, but leaves in it what XML 1.0 cannot carry; that is replaced here.
"""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from reports.results import Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from reports.results import ClauseResult, Finding, Results

NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
OUTCOMES = {Verdict.FAIL: Failure, Verdict.ERROR: Error, Verdict.NO_VERDICT: Error, Verdict.SKIP: Skipped}


def write(results: Results, path: Path) -> None:
    document = JUnitXml("wacrm-harness")
    for group, clauses in groupby(results.clauses, key=_group):
        suite = TestSuite(group)
        suite.add_testcases([_case(clause, results) for clause in clauses])
        document.add_testsuite(suite)
    document.update_statistics()  # type: ignore[no-untyped-call]  # the one method without types
    document.time = results.seconds
    document.write(str(path), pretty=True)


def _group(clause: ClauseResult) -> str:
    return clause.id.rpartition("-")[0]


def _case(clause: ClauseResult, results: Results) -> TestCase:
    case = TestCase(clause.id, _group(clause), round(sum(check.seconds for check in clause.checks), 3))
    if clause.verdict in OUTCOMES:
        outcome = OUTCOMES[clause.verdict](_clean(f"{clause.verdict}: {clause.reason}"))
        stories = [_story(finding) for finding in results.findings if finding.clause == clause.id]
        outcome.text = _clean("\n\n".join([clause.sentence, *stories]))
        case.result = [outcome]
    said = [f"{check.name}: {check.reason}" for check in clause.checks if check.verdict is Verdict.ACCEPTED]
    said += [f"checks skipped: {number} ({reason})" for reason, number in clause.skipped.items()]
    if said:
        case.system_out = _clean("\n".join(said))
    return case


def _story(finding: Finding) -> str:
    lines = [f"{finding.check}\nexpected: {finding.expected}\nactual: {finding.actual}", *finding.evidence]
    return "\n".join([*lines, *(f"$ {e.curl}\n{e.status} {e.body[:500]}" for e in finding.exchanges)])


def _clean(text: str) -> str:
    return NOT_IN_XML.sub("�", text)
