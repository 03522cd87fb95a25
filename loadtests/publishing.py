"""Locust's own reports of a run, in the run's folder: CSV tables and the HTML page with its charts."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from locust.html import get_html_report
from locust.stats import PERCENTILES_TO_REPORT, StatsCSV

if TYPE_CHECKING:
    from pathlib import Path

    from locust.env import Environment


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
