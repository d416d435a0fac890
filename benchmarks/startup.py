"""How much a command costs beside an older build: ``python -m benchmarks.startup WORKTREE``, in some two minutes.

The worktree is a checkout of an older commit with an environment of its own in ``.venv`` (``git worktree add``, ``make
setup``). Both builds run in turns, so that a busy minute of the machine meets both. docs/benchmarks.md has figures.
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.figures import MILLISECONDS, Figure, Limit, median
from benchmarks.loopback_index import MODEL
from benchmarks.processes import ROOT, environment, running, said
from benchmarks.report import report

BOUND_SECONDS = 600.0

_START_SECONDS = 20.0
_COMMANDS = (
    ("status", MODEL, "--offline"),
    ("status", MODEL, "--refresh"),
    ("--help",),
    ("--version",),
    ("settings",),
    ("watch", "list"),
    ("triage", "classify", "--jsonl"),
)
_MOST = Limit(0.5)
"""What the first of them may cost of what it cost before."""

_COUNT = """\
import runpy, sys
try:
    runpy.run_module("bot", run_name="__main__", alter_sys=True)
except SystemExit:
    print(len(sys.modules), file=sys.stderr)
"""


@dataclass(frozen=True, slots=True)
class Build:
    """A checkout with its environment, and a database of its own that knows the package."""

    root: Path
    settings: dict[str, str]

    @property
    def python(self) -> Path:
        """Return the interpreter of its environment."""
        return self.root / ".venv" / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")

    def cost(self, command: Sequence[str]) -> float:
        """Run a command; give the CPU that it took, user and system."""
        import resource  # noqa: PLC0415 — not on every system, and only this needs it

        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        self._run(str(self.python.with_name("ftbot")), *command)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    def modules(self, command: Sequence[str]) -> float:
        """Count the modules that a command has imported at its end."""
        return float(self._run(str(self.python), "-c", _COUNT, *command).stderr.split()[-1])

    def _run(self, *command: str) -> subprocess.CompletedProcess[str]:
        variables = environment(**self.settings) | {"PYTHONPATH": str(self.root)}
        variables.pop("PYTHONDONTWRITEBYTECODE", None)  # the first run of each compiles what the others import
        return subprocess.run(
            command,
            cwd=self.root,
            env=variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )


def compare(command: Sequence[str], before: Build, after: Build, rounds: int, limit: Limit | None) -> list[Figure]:
    """Run a command with both builds, in turns."""
    costs: dict[str, list[float]] = {"before": [], "after": []}
    for _ in range(rounds):
        costs["before"].append(before.cost(command))
        costs["after"].append(after.cost(command))
    old, new = median(costs["before"]), median(costs["after"])
    return [
        Figure("before, CPU", old * MILLISECONDS, note=f"{before.modules(command):,.0f} modules"),
        Figure("after, CPU", new * MILLISECONDS, note=f"{after.modules(command):,.0f} modules, n = {rounds}"),
        Figure("share of before", new / old, "×", limit),
    ]


async def measure(folder: Path, *, worktree: Path, rounds: int) -> Iterable[tuple[str, Sequence[Figure]]]:
    """Measure every command, with an index that answers for one package."""
    command = (sys.executable, "-m", "benchmarks.loopback_index", "--cold", "1")
    async with running(command, folder, environment(), "index.log") as process:
        index = await said(process, _START_SECONDS)
        asked = {"index_url": f"{index}simple/", "json_api_url": f"{index}pypi/"}
        before = Build(worktree, asked | {"database": str(folder / "before.db")})
        after = Build(ROOT, asked | {"database": str(folder / "after.db")})
        for build in (before, after):
            await asyncio.to_thread(build.cost, ("status", MODEL))
        sections = []
        for each in _COMMANDS:
            limit = _MOST if each == _COMMANDS[0] else None
            figures = await asyncio.to_thread(compare, each, before, after, rounds, limit)
            sections.append((f"ftbot {' '.join(each)}", figures))
    return sections


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("worktree", type=Path, help="a checkout of the older build, with its .venv")
    parser.add_argument("--rounds", type=int, default=15, help="of every command (default: 15)")
    options = parser.parse_args()
    worktree: Path = options.worktree
    rounds: int = options.rounds
    asyncio.run(report(partial(measure, worktree=worktree.resolve(), rounds=rounds), BOUND_SECONDS))


if __name__ == "__main__":
    main()
