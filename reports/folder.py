"""The folder that a run leaves: a line per check as it ends, and whole files or none at the end."""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

STREAM = "checks.jsonl"


class FolderError(Exception):
    """Nothing can be written there. The message is a sentence that says where and why."""


@dataclass
class RunFolder:
    """`trouble` is why a line was not written; the run goes on without, and says so at the end."""

    path: Path
    trouble: str = ""
    _lines: int = 0
    _stream: TextIO | None = field(default=None, repr=False)

    @classmethod
    def make(cls, out: Path, name: str) -> RunFolder:
        """A folder of its own in `out` for the run; `name-2` when `name` is taken. Raises `FolderError`."""
        try:
            out.mkdir(parents=True, exist_ok=True)
            folder = cls(_made(out, name))
            folder._stream = (folder.path / STREAM).open("w", encoding="utf-8", errors="backslashreplace")
        except OSError as error:
            raise FolderError(
                f"--out {out}: no report can be written there ({error.strerror}): name a folder that can be written to"
            ) from None
        return folder

    def append(self, check: dict[str, Any]) -> None:
        """One JSON line, on the disk when this returns."""
        if self._stream is None:
            return
        try:
            self._stream.write(json.dumps(check, ensure_ascii=False) + "\n")
            self._stream.flush()
            self._lines += 1
        except OSError as error:
            self.trouble = self.trouble or _cannot(self.path / STREAM, error)

    def write(self, name: str, writer: Callable[[Path], None]) -> None:
        """The whole file, or none. Raises `FolderError`."""
        path, unfinished = self.path / name, self.path / f".{name}.unfinished"
        try:
            writer(unfinished)
            with unfinished.open("rb") as written:
                os.fsync(written.fileno())
            unfinished.replace(path)
        except OSError as error:
            with contextlib.suppress(OSError):
                unfinished.unlink(missing_ok=True)
            raise FolderError(_cannot(path, error)) from None

    def close(self) -> None:
        """Close the stream; a folder that nothing was written to goes again."""
        if self._stream is None:
            return
        with contextlib.suppress(OSError):
            self._stream.close()
        self._stream = None
        if not self._lines and len(list(self.path.iterdir())) == 1:
            (self.path / STREAM).unlink()
            self.path.rmdir()


def _made(out: Path, name: str) -> Path:
    for number in count(1):
        path = out / (name if number == 1 else f"{name}-{number}")
        try:
            path.mkdir()
        except FileExistsError:
            continue
        return path
    raise AssertionError


def _cannot(path: Path, error: OSError) -> str:
    return f"{path} is not written: {error.strerror}; what was found stands above"
