"""How much a command costs beside the earlier build: ``python -m benchmarks.startup``, in some two minutes.

Both builds run in turns, so that a busy minute of the machine meets both. docs/benchmarks.md has figures.
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

from benchmarks.earlier import NAME, THIS_BUILD, Build, add_option, earlier_build
from benchmarks.figures import MILLISECONDS, Figure, Limit, median
from benchmarks.loopback_index import MODEL
from benchmarks.processes import cpu_of_children, environment, running, said
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
_LIMITS = {_COMMANDS[0]: Limit(0.42), ("--help",): Limit(1.05)}
"""What these may cost of what they cost before; the help is to cost no more, as far as that can be told."""

_LOOK_BACK = """\
import runpy, sys
try:
    runpy.run_module("bot", run_name="__main__", alter_sys=True)
except SystemExit:
    peak = 0
    try:
        with open("/proc/self/status") as status:
            peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    except OSError:
        pass
    print(len(sys.modules), peak, file=sys.stderr)
"""
_KIBIBYTES = 1024.0  # in a MiB


@dataclass(frozen=True, slots=True)
class Subject:
    """A build, and a database of its own that knows the package."""

    build: Build
    settings: dict[str, str]

    def cost(self, command: Sequence[str]) -> float:
        """Run a command; give the CPU that it took, user and system."""
        before = cpu_of_children()
        self._run(*self.build.ftbot(*command))
        return cpu_of_children() - before

    def look_back(self, command: Sequence[str]) -> str:
        """Say how many modules a command has imported at its end, and how much memory it had, where that is told."""
        modules, peak = map(int, self._run(str(self.build.python), "-c", _LOOK_BACK, *command).stderr.split()[-2:])
        return f"{modules:,} modules" + (f", {peak / _KIBIBYTES:.0f} MiB" if peak else "")

    def _run(self, *command: str) -> subprocess.CompletedProcess[str]:
        variables = environment(**self.settings) | {"PYTHONPATH": str(self.build.root)}
        variables.pop("PYTHONDONTWRITEBYTECODE", None)  # the first run of each compiles what the others import
        return subprocess.run(
            command,
            cwd=self.build.root,
            env=variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )


def compare(command: Sequence[str], before: Subject, now: Subject, rounds: int, limit: Limit | None) -> list[Figure]:
    """Run a command with both builds, in turns."""
    costs: dict[str, list[float]] = {"before": [], "now": []}
    for _ in range(rounds):
        costs["before"].append(before.cost(command))
        costs["now"].append(now.cost(command))
    old, new = median(costs["before"]), median(costs["now"])
    return [
        Figure(f"{NAME}, CPU", old * MILLISECONDS, note=before.look_back(command)),
        Figure("now, CPU", new * MILLISECONDS, note=f"{now.look_back(command)}, n = {rounds}"),
        Figure(f"now, share of {NAME}'s", new / old, "×", limit),
    ]


async def measure(folder: Path, *, earlier: Build, rounds: int) -> Iterable[tuple[str, Sequence[Figure]]]:
    """Measure every command, with an index that answers for one package."""
    command = (sys.executable, "-m", "benchmarks.loopback_index", "--cold", "1")
    async with running(command, folder, environment(), "index.log") as process:
        index = await said(process, _START_SECONDS)
        asked = {"index_url": f"{index}simple/", "json_api_url": f"{index}pypi/"}
        before = Subject(earlier, asked | {"database": str(folder / "before.db")})
        now = Subject(THIS_BUILD, asked | {"database": str(folder / "now.db")})
        for subject in (before, now):
            await asyncio.to_thread(subject.cost, ("status", MODEL))
        sections = []
        for each in _COMMANDS:
            figures = await asyncio.to_thread(compare, each, before, now, rounds, _LIMITS.get(each))
            sections.append((f"ftbot {' '.join(each)}", figures))
    return sections


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_option(parser)
    parser.add_argument("--rounds", type=int, default=15, help="of every command (default: 15)")
    options = parser.parse_args()
    rounds: int = options.rounds
    asyncio.run(report(partial(measure, earlier=earlier_build(options), rounds=rounds), BOUND_SECONDS))


if __name__ == "__main__":
    main()
