"""The gate beside a deployment that is just starting: waits until it answers, then becomes `wacrm-harness gate`."""

from __future__ import annotations

import os
import signal
import sys
import time

import httpx

from reports.results import ExitCode


def main(url: str, patience: str, *gate: str) -> ExitCode:
    """`url`: the deployment's origin; `patience`: seconds to wait for it. Does not return when it answers."""
    # Started in the background of a shell, a process ignores SIGINT, and what it becomes does too; the gate's report needs it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        is_up = answers(url, float(patience))
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    if is_up:
        os.execv(sys.executable, [sys.executable, "-m", "harness.cli", "gate", *gate])  # noqa: S606 - our own module
    sys.stderr.write(
        f"{url} did not answer within {patience} s. Is target.base_url right? With --patience the gate waits longer.\n"
    )
    return ExitCode.SETUP


def answers(url: str, patience: float) -> bool:
    """Whether anything answers HTTP at `url` within `patience` seconds."""
    deadline = time.monotonic() + patience
    with httpx.Client(verify=False, trust_env=False, timeout=5.0) as client:  # noqa: S501 - the gate itself verifies
        while time.monotonic() < deadline:
            try:
                client.get(url)
            except httpx.HTTPError:
                time.sleep(0.2)
            else:
                return True
    return False


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
