"""`python -m tests.conformance.runner.private_networks FOLDER [FAULT]`: HOOK-04 judged inside a network namespace of its own.

Run as root of a namespace that has nothing but loopback: gives it private addresses, starts the embedded stack, and judges
it with `probe_private_networks`. The report is left in FOLDER; the exit code is the gate's.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import tomli_w

from conformance.runner.stack import Embedded, Stack
from conformance.target.target import Receiver
from conformance.wacrm.reference import start_reference
from conformance.webhooks.internal_addresses import PRIVATE_ADDRESSES
from tests.conftest import settings_of

RECEIVER_PORT = 8443


def main(folder: Path, *faults: str) -> int:
    own_addresses()
    receiver = Receiver(port=RECEIVER_PORT, ca=str(folder / "ca.pem"))
    with Stack(seed=1) as stack:
        stack.start_receiver(receiver)
        settings = settings_of(start_reference(stack, Embedded(faults)))
        stack.kill("conformance.webhooks.receiver")  # its place, and the CA that the reference trusts, are the gate's
        settings["receiver"] = receiver.model_dump()
        settings["capabilities"] = {"probe_private_networks": True}
        file = folder / "harness.toml"
        file.write_text(tomli_w.dumps(settings))
        command = [sys.executable, "-m", "harness.cli", "gate", "--target", str(file), "--clause", "HOOK-04"]
        return subprocess.run([*command, "--out", str(folder)], check=False).returncode


def own_addresses() -> None:
    """Loopback has the private addresses; the namespace has no other interface, so nothing can leave."""
    links = subprocess.run(["ip", "-brief", "link"], check=True, capture_output=True, text=True).stdout.splitlines()
    if [line.split()[0] for line in links] != ["lo"]:
        sys.exit(f"not in a namespace of its own: {links}")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    for address in PRIVATE_ADDRESSES:
        length = 128 if ":" in address else 32
        subprocess.run(["ip", "address", "add", f"{address}/{length}", "dev", "lo"], check=True)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), *sys.argv[2:]))
