"""The command line as tests run it: in a thread of this process, with what it reads and writes in their hands."""

from __future__ import annotations

import asyncio
import io
import json
import os
import sys
from dataclasses import dataclass
from typing import Protocol

import pytest

from bot.build import version
from bot.cli.program import main


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run of the program ended, and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def answers(self) -> list[dict[str, object]]:
        """Read stdout as JSON lines; anything else there raises."""
        return [json.loads(line) for line in self.out.splitlines()]


def without_coverage() -> dict[str, str]:
    """Return the environment for a process of which no coverage is measured.

    Measuring takes half as long as the process does: it is for what nothing runs in the process of the tests.
    """
    return {name: value for name, value in os.environ.items() if not name.startswith("COV")}


class Run(Protocol):
    """Runs the command line with some arguments, and these bytes on stdin."""

    async def __call__(self, *arguments: str, stdin: bytes = b"") -> Ended: ...


def runner(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return what runs the command line in a thread with an event loop of its own; it draws 100 columns, uncoloured."""
    version()  # looked up in files, once a process, when nobody waits yet
    monkeypatch.setenv("COLUMNS", "100")
    for variable in ("FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(variable, raising=False)

    def call() -> int:
        with pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code if isinstance(ended.value.code, int) else 0

    async def run(*arguments: str, stdin: bytes = b"") -> Ended:
        monkeypatch.setattr(sys, "argv", ["ftbot", *arguments])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        code = await asyncio.to_thread(call)
        written = capsys.readouterr()
        assert "Traceback" not in written.out + written.err
        return Ended(int(code), written.out, written.err)

    return run
