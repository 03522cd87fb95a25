"""Locust's own reports of a run, in the run's folder: CSV tables and the HTML page with its charts."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

from locust.html import get_html_report
from locust.stats import PERCENTILES_TO_REPORT, StatsCSV

if TYPE_CHECKING:
    from pathlib import Path

    from locust.env import Environment

MOST = 20
"""Reasons that a report names."""


def errors(environment: Environment) -> list[dict[str, Any]]:
    """Why requests failed, the most frequent reasons first, as Locust gathered them from all workers."""
    found = sorted(environment.stats.errors.values(), key=lambda one: -one.occurrences)
    return [
        {"operation": f"{one.method} {one.name}", "error": str(one.error), "count": one.occurrences}
        for one in found[:MOST]
    ]


def write_locust_reports(environment: Environment, folder: Path) -> None:
    """`locust_stats.csv`, `locust_failures.csv`, `locust_exceptions.csv` and `report.html`."""
    tables = StatsCSV(environment, PERCENTILES_TO_REPORT)
    for name, write in (
        ("stats", tables.requests_csv), ("failures", tables.failures_csv), ("exceptions", tables.exceptions_csv)
    ):  # fmt: skip
        with (folder / f"locust_{name}.csv").open("w", encoding="utf-8", newline="") as file:
            write(csv.writer(file))
    page = get_html_report(environment, show_download_link=False)
    (folder / "report.html").write_text(page, encoding="utf-8")
