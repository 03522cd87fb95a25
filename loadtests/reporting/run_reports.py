"""What a run leaves: a folder with `results.json` and Locust's reports, and the closing page on standard output."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from loadtests.reporting import console, locust_reports

if TYPE_CHECKING:
    from locust.env import Environment

    from loadtests.verdict.results import LoadResults


def write_reports(results: LoadResults, environment: Environment, out: str) -> None:
    folder = Path(out) / f"load-{datetime.fromisoformat(results.started):%Y%m%dT%H%M%S}-{results.run}"
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(results.as_json(), indent=1, ensure_ascii=False) + "\n"
    (folder / "results.json").write_text(text, encoding="utf-8", errors="backslashreplace")
    locust_reports.write_locust_reports(environment, folder)
    sys.stderr.write("\r\033[K" if sys.stderr.isatty() else "")
    sys.stdout.write("\n" + console.render(results, str(folder), colour=sys.stdout.isatty()))
    sys.stdout.flush()
