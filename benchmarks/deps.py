"""How fast it is told what stops an application: ``python -m benchmarks.deps``, some two minutes, on loopback.

The pinned packages of an application, judged cold and warm beside abi3t-doctor, which is asked about the same names at
the same index; half of them asked about by name, beside it, too; and an application that has to be resolved, beside uv
alone. Peers take turns with the program. Only installing the peer needs PyPI; ``--peer`` names one that is there.
docs/benchmarks.md tells how to read the figures.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from benchmarks.deps_index import PARTS, PINNED, parts, pinned, pins
from benchmarks.figures import Figure, Limit, median
from benchmarks.processes import cpu_of_children, environment, ftbot, running, said
from benchmarks.report import report
from bot.clients.resolver import find_uv

BOUND_SECONDS = 900.0
NAMED = 50
PEER = "abi3t-doctor==0.1.0"

_READY_SECONDS = 60.0
_RUN_SECONDS = 120.0
_INSTALL_SECONDS = 120.0
_TARGET, _PLATFORM = "3.14t", "manylinux_x86_64"
_COLD, _WARM, _NAMED, _RESOLVED, _MEMORY = Limit(0.5), Limit(0.5), Limit(0.6), Limit(1.5), Limit(150.0)
_ANSWERS = frozenset({0, 5})
"""Nothing stops the application, or something does."""

_STATUS_ANSWERS = frozenset({0})

_PEER_ANSWERS = frozenset({0, 1})

_WITH_PEAK = """\
import runpy, sys
sys.argv[0] = "ftbot"
try:
    runpy.run_module("bot", run_name="__main__", alter_sys=True)
finally:
    for line in open("/proc/self/status"):
        if line.startswith("VmHWM"):
            print("peak", line.split()[1], file=sys.stderr)
"""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked for on the command line; ``peer`` is the program of abi3t-doctor, None to install it."""

    rounds: int
    round_trip: float
    peer: Path | None


@dataclass(frozen=True, slots=True)
class Took:
    """What a process took, in seconds: of the clock, and CPU, which other work on the machine changes less."""

    wall: float
    cpu: float


@dataclass(frozen=True, slots=True)
class Bench:
    """The index's address, and a folder with a place for whatever one run keeps."""

    folder: Path
    index: str

    def deps(self, place: Path, *arguments: str) -> Took:
        """Run ``ftbot deps`` with what it stores in a place."""
        command = ftbot("deps", *arguments, "--target", _TARGET, "--platform", _PLATFORM)
        return _timed(command, self._environment(place), self.folder, _ANSWERS)

    def status(self, place: Path, *names: str) -> Took:
        """Run ``ftbot status`` with what it stores in a place."""
        return _timed(ftbot("status", *names), self._environment(place), self.folder, _STATUS_ANSWERS)

    def peak(self, place: Path, *arguments: str) -> float | None:
        """Run the same, and return the most memory that its own process had, in MiB, where the system tells."""
        if not Path("/proc/self/status").is_file():
            return None
        asked = ("deps", *arguments, "--target", _TARGET, "--platform", _PLATFORM)
        command = (sys.executable, "-c", _WITH_PEAK, *asked)
        ended = _run(command, self._environment(place), self.folder, _ANSWERS)
        told = next(line for line in ended.stderr.splitlines() if line.startswith("peak "))
        return int(told.split()[1]) / 1024

    def peer(self, program: Path, requirements: Path, place: Path) -> Took:
        """Run abi3t-doctor on the same requirements with a cache in a place."""
        asked = ("tree", str(requirements), "--target", _TARGET, "--index-url", f"{self.index}pypi")
        command = (str(program), *asked, "--cache-dir", str(place))
        return _timed(command, environment(), self.folder, _PEER_ANSWERS)

    def uv(self, requirement: str, cache: Path) -> Took:
        """Let uv resolve a requirement alone, as the program lets it."""
        options = ("--no-config", "--no-header", "--no-python-downloads", "--no-progress", "--no-sources", "--quiet")
        about = ("--python-version", "3.14", "--python-platform", "x86_64-manylinux_2_28", "--only-binary=:all:")
        index = ("--default-index", f"{self.index}simple/", "--cache-dir", str(cache), "-p", sys.executable)
        command = (str(find_uv()), "pip", "compile", *options, *about, *index, "-")
        variables = {"HOME": str(self.folder), "UV_PYTHON_DOWNLOADS": "never"}
        return _timed(command, variables, self.folder, frozenset({0}), f"{requirement}\n")

    def _environment(self, place: Path) -> Mapping[str, str]:
        settings = {"database": str(place / "ftbot.db"), "index_url": f"{self.index}simple/"}
        caches = {"XDG_CACHE_HOME": str(place), "XDG_DATA_HOME": str(place)}
        return environment(**settings, json_api_url=f"{self.index}pypi/") | caches


@dataclass(slots=True)
class Turns:
    """What each of several ways took, in turns, so that a busy minute of the machine meets all."""

    taken: dict[str, list[Took]] = field(default_factory=dict)

    def take(self, way: str, run: Callable[[], Took]) -> None:
        """Take a turn."""
        self.taken.setdefault(way, []).append(run())

    def middle(self, way: str) -> float | None:
        """Return the median time of a way, None if it had no turn."""
        taken = self.taken.get(way)
        return median([each.wall for each in taken]) if taken else None

    def spread(self, way: str) -> str:
        """Say how far the turns of a way were from each other, and what CPU they took."""
        taken = self.taken.get(way)
        if not taken:
            return "not there"
        walls = [each.wall for each in taken]
        cpu = median([each.cpu for each in taken])
        return f"n = {len(taken)}, {min(walls):.2f} to {max(walls):.2f}, CPU {cpu:.2f}"


def measure_pinned(bench: Bench, rounds: int, peer: Path | None) -> list[Figure]:
    """Judge a file of pinned packages: the peer, then the program that knows nothing, then the same again."""
    requirements = bench.folder / "requirements.txt"
    requirements.write_text("".join(f"{pin}\n" for pin in pins()), encoding="utf-8")
    asked = ("-r", str(requirements))
    turns = Turns()
    for number in range(rounds):
        if peer is not None:
            turns.take("peer", partial(bench.peer, peer, requirements, bench.folder / f"peer-{number}"))
        place = _place(bench.folder, f"pinned-{number}")
        turns.take("cold", partial(bench.deps, place, *asked))
        turns.take("warm", partial(bench.deps, place, *asked))
        turns.take("once more", partial(bench.deps, place, *asked))
    cold, warm = turns.middle("cold"), turns.middle("warm")
    cold_peak = bench.peak(_place(bench.folder, "pinned-peak"), *asked)
    return [
        Figure(PEER.replace("==", " "), turns.middle("peer"), "s", note=turns.spread("peer")),
        Figure("cold", cold, "s", note=turns.spread("cold")),
        Figure("cold, beside it", _ratio(cold, turns.middle("peer")), "×", _COLD),
        Figure("warm, with starting", warm, "s", _WARM, turns.spread("warm")),
        Figure("warm, once more", turns.middle("once more"), "s", note=turns.spread("once more")),
        Figure("peak memory, cold", cold_peak, "MiB", _MEMORY),
    ]


def measure_named(bench: Bench, rounds: int, peer: Path | None) -> list[Figure]:
    """Ask about packages by name: the peer, then the program that knows nothing, then the same again."""
    names = [project.name for project in pinned()[:: PINNED // NAMED]]  # of all sizes
    requirements = bench.folder / "named.txt"
    requirements.write_text("".join(f"{name}\n" for name in names), encoding="utf-8")
    turns = Turns()
    for number in range(rounds):
        if peer is not None:
            turns.take("peer", partial(bench.peer, peer, requirements, bench.folder / f"named-peer-{number}"))
        place = _place(bench.folder, f"named-{number}")
        turns.take("cold", partial(bench.status, place, *names))
        turns.take("warm", partial(bench.status, place, *names))
    cold = turns.middle("cold")
    return [
        Figure(PEER.replace("==", " "), turns.middle("peer"), "s", note=turns.spread("peer")),
        Figure("cold", cold, "s", note=turns.spread("cold")),
        Figure("cold, beside it", _ratio(cold, turns.middle("peer")), "×", _NAMED),
        Figure("warm", turns.middle("warm"), "s", note=turns.spread("warm")),
    ]


def measure_resolved(bench: Bench, rounds: int) -> list[Figure]:
    """Resolve one requirement that needs many: uv alone, then the program; each knows nothing."""
    name = parts()[0].name
    turns = Turns()
    for number in range(rounds):
        turns.take("uv", partial(bench.uv, name, bench.folder / f"uv-{number}"))
        place = _place(bench.folder, f"resolved-{number}")
        turns.take("cold", partial(bench.deps, place, name))
        turns.take("again", partial(bench.deps, place, name))
    cold = turns.middle("cold")
    peak = bench.peak(_place(bench.folder, "resolved-peak"), name)
    return [
        Figure("uv alone", turns.middle("uv"), "s", note=turns.spread("uv")),
        Figure("cold, resolved and judged", cold, "s", note=turns.spread("cold")),
        Figure("cold, beside it", _ratio(cold, turns.middle("uv")), "×", _RESOLVED),
        Figure("again", turns.middle("again"), "s", note=turns.spread("again")),
        Figure("peak memory without uv, cold", peak, "MiB", _MEMORY),
    ]


async def measure(plan: Plan, folder: Path) -> Iterable[tuple[str, Sequence[Figure]]]:
    """Measure both."""
    peer = plan.peer or await asyncio.to_thread(install_peer, folder / "peer")
    command = (sys.executable, "-m", "benchmarks.deps_index", "--round-trip", str(plan.round_trip))
    async with running(command, folder, environment(), "index.log") as process:
        bench = Bench(folder, await said(process, _READY_SECONDS))
        judged = await asyncio.to_thread(measure_pinned, bench, plan.rounds, peer)
        named = await asyncio.to_thread(measure_named, bench, plan.rounds, peer)
        resolved = await asyncio.to_thread(measure_resolved, bench, plan.rounds)
    away = f"the index {plan.round_trip:.0f} ms away"
    return [
        (f"{PINNED} pinned packages, {away}", judged),
        (f"ftbot status of {NAMED} packages, {away}", named),
        (f"{PARTS} packages to be chosen, {away}", resolved),
    ]


def install_peer(folder: Path) -> Path | None:
    """Install the peer into an environment of its own; None where there is no PyPI."""
    python = folder / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    install = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check", PEER)
    try:
        for command in ((sys.executable, "-m", "venv", str(folder)), (str(python), *install)):
            subprocess.run(command, check=True, capture_output=True, timeout=_INSTALL_SECONDS)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        print(f"{PEER} could not be installed.", file=sys.stderr)
        return None
    found = shutil.which("abi3t-doctor", path=str(python.parent))
    return None if found is None else Path(found)


def _place(folder: Path, name: str) -> Path:
    place = folder / name
    place.mkdir()
    return place


def _ratio(ours: float | None, theirs: float | None) -> float | None:
    return None if ours is None or theirs is None else ours / theirs


def _timed(
    command: Sequence[str], variables: Mapping[str, str], folder: Path, fine: frozenset[int], text: str = ""
) -> Took:
    began, used = time.perf_counter(), cpu_of_children()
    _run(command, variables, folder, fine, text)
    return Took(time.perf_counter() - began, cpu_of_children() - used)


def _run(
    command: Sequence[str], variables: Mapping[str, str], folder: Path, fine: frozenset[int], text: str = ""
) -> subprocess.CompletedProcess[str]:
    ended = subprocess.run(
        command,
        cwd=folder,
        env={key: value for key, value in variables.items() if key != "PYTHONDONTWRITEBYTECODE"},
        input=text,
        capture_output=True,
        text=True,
        check=False,
        timeout=_RUN_SECONDS,
    )
    assert ended.returncode in fine, f"{command} ended with {ended.returncode}: {ended.stderr[-2000:]}"
    return ended


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description="Measure how fast it is told what stops an application.")
    parser.add_argument("--rounds", type=int, default=5, help="turns, of which medians are shown (default: 5)")
    parser.add_argument("--round-trip", type=float, default=30.0, help="of the index, in milliseconds (default: 30)")
    parser.add_argument("--peer", type=Path, help=f"the program of {PEER}, where it is installed already")
    options = parser.parse_args()
    peer: Path | None = options.peer
    plan = Plan(options.rounds, options.round_trip, None if peer is None else peer.absolute())
    asyncio.run(report(partial(measure, plan), BOUND_SECONDS))


if __name__ == "__main__":
    main()
