"""What runs on this machine for a run: the receiver, and the reference of a system with what it needs."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from conformance.runner.process import Process, StackError
from conformance.runner.watch import MOCK_META, RECEIVER
from conformance.target.target import Receiver
from conformance.webhooks.certificate import mismatch

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

FULL_KEYS = 160
"""Enough that a whole gate never waits for a window, and that every limiter check has fresh keys."""


NAMES = {"mock_meta": MOCK_META, "conformance.webhooks.receiver": RECEIVER}
EMBEDDED = "the embedded reference"
"""What reports call the parts of a stack."""


@dataclass(frozen=True)
class Embedded:
    """The reference as this run wants it: broken, correct otherwise or worn in named ways, with this limit and window, and
    with so many keys of every scope.
    """

    faults: Sequence[str] = ()
    variants: Sequence[str] = ()
    limit: int = 120
    window: float = 60.0
    port: int = 0
    keys: int = FULL_KEYS
    wear: Sequence[str] = ()


@dataclass
class Stack:
    """What runs for this run; leaving the context ends all of it."""

    seed: int
    directory: Path = field(init=False)
    receiver: dict[str, Any] | None = None
    _processes: dict[str, Process] = field(default_factory=dict)
    _exit: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Self:
        self.directory = Path(self._exit.enter_context(TemporaryDirectory(prefix="wacrm-harness-")))
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes.values():
            process.terminate()
        self._exit.close()

    def start(self, module: str, *arguments: str) -> dict[str, Any]:
        """Start `python -m module`; its addresses. Raises `StackError`."""
        process = self._processes[module] = Process(module, *arguments)
        self._exit.callback(process.stop)
        return process.address

    def pid(self, module: str) -> int | None:
        """The process of one part; None when it was not started here."""
        process = self._processes.get(module)
        return None if process is None else int(process.address["pid"])

    def ended(self) -> dict[str, str]:
        """Parts that run no more, and how they ended."""
        return {module: how for module, process in self._processes.items() if (how := process.ended) is not None}

    def watched(self) -> list[tuple[str, Callable[[], str | None]]]:
        """Every part by the name that a reader knows it by, and what tells how it ended (None while it runs)."""
        return [(NAMES.get(module, EMBEDDED), partial(_how, process)) for module, process in self._processes.items()]

    def kill(self, module: str) -> None:
        """End one part at once, as a crash would."""
        self._processes[module].kill()

    def start_receiver(self, how: Receiver = Receiver(), *, inner: bool = False) -> None:  # noqa: B008 - frozen
        """The receiver, with a CA of this run alone unless the target file names one that is kept.

        `inner`: its tripwires listen on private addresses too, as far as this machine has such.
        """
        ca = Path(how.ca) if how.ca else self.directory / "receiver-ca.pem"
        arguments = ["--ca", str(ca), "--host", how.host, "--port", str(how.port)]
        if name := urlsplit(how.origin).hostname:
            arguments += ["--name", name]
        if inner:
            arguments.append("--inner")
        self.receiver = self.start("conformance.webhooks.receiver", *arguments)
        if problem := mismatch(how.origin or self.receiver["origin"], ca):
            raise StackError(
                f"{problem}\nNo delivery would arrive: correct receiver.origin, or the certificate shown there."
            )


def _how(process: Process) -> str | None:
    return process.ended
